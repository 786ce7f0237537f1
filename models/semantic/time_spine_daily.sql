with days as (

    select {{ each_day("cast('2010-01-01' as date)", as_of_date()) }} as date_day

)

select
    days.date_day,
    cast({{ dbt.date_trunc('month', 'days.date_day') }} as date) as month_start_date
from days
