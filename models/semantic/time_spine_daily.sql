with account_months as (

    select * from {{ ref('dim_account_months') }}

),

bounded as (

    select min(account_months.month_start_date) as first_date
    from account_months

),

days as (

    select {{ each_day('bounded.first_date', as_of_date()) }} as date_day
    from bounded

)

select
    days.date_day,
    cast({{ month_start('days.date_day') }} as date) as month_start_date
from days
