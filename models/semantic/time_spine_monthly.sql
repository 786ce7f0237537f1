with days as (

    select * from {{ ref('time_spine_daily') }}

)

select distinct days.month_start_date
from days
