-- Tickets and days of use of every month that is over have their account's month, so that no cut
-- loses them.
with facts as (

    select
        account_month_id,
        opened_date as fact_date
    from {{ ref('fct_tickets') }}
    union all
    select
        account_month_id,
        event_date as fact_date
    from {{ ref('fct_account_usage_daily') }}

),

account_months as (

    select * from {{ ref('dim_account_months') }}

)

select distinct facts.account_month_id
from facts
left join account_months
    on facts.account_month_id = account_months.account_month_id
where
    facts.fact_date < {{ month_start(as_of_date()) }}
    and account_months.account_month_id is null
