with retention as (

    select
        facts.grain,
        facts.account_month_id,
        facts.account_id,
        facts.period_start_date,
        case
            when facts.grain = 'year' then 370
            when facts.grain = 'quarter'
                then case when extract(month from facts.period_start_date) = 1 then 95 else -85 end
            when extract(month from facts.period_start_date) in (1, 4, 7, 10) then 35
            else -1
        end as days_to_sibling
    from {{ ref('fct_account_retention') }} as facts

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
