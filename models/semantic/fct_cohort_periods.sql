with retention as (

    select
        'month' as grain,
        account_month_id,
        account_id,
        period_start_date,
        case when extract(month from period_start_date) in (1, 4, 7, 10) then 35 else -1 end
            as days_to_sibling
    from {{ ref('fct_account_retention_monthly') }}
    union all
    select
        'quarter' as grain,
        account_month_id,
        account_id,
        period_start_date,
        case when extract(month from period_start_date) = 1 then 95 else -85 end
            as days_to_sibling
    from {{ ref('fct_account_retention_quarterly') }}
    union all
    select
        'year' as grain,
        account_month_id,
        account_id,
        period_start_date,
        370 as days_to_sibling
    from {{ ref('fct_account_retention_yearly') }}

),

listed as (

    select
        retention.grain,
        retention.account_month_id,
        retention.account_id,
        retention.period_start_date
    from retention
    union all
    -- another month of the same quarter, another quarter of the same year: what takes one of them
    -- together, in whatever cut, finds two periods, also where a cohort was there in one alone
    select
        retention.grain,
        retention.account_month_id,
        retention.account_id,
        {{ month_start(add_days('retention.period_start_date', 'retention.days_to_sibling')) }}
            as period_start_date
    from retention

)

select
    listed.grain || '|' || cast(listed.period_start_date as varchar(10)) || '|'
    || listed.account_month_id as cohort_period_id,
    listed.grain,
    listed.account_month_id,
    listed.account_id,
    listed.period_start_date
from listed
