with source_types as (

    select * from {{ ref('int_source_types__observed') }}

),

account_months as (

    select * from {{ ref('fct_account_mrr_monthly') }}

),

signed_up as (

    select
        account_months.*,
        min(account_months.month_start_date) over (
            partition by account_months.account_id
        ) as cohort_month_date
    from account_months

),

aged as (

    select
        signed_up.*,
        cast(
            12 * (
                extract(year from signed_up.month_start_date)
                - extract(year from signed_up.cohort_month_date)
            )
            + extract(month from signed_up.month_start_date)
            - extract(month from signed_up.cohort_month_date) as bigint
        ) as months_since_signup
    from signed_up

),

counted as (

    select
        aged.cohort_month_date,
        aged.months_since_signup,
        sum(aged.cohort_account_count) as cohort_account_count,
        sum(aged.paying_account_count) as paying_account_count,
        sum(aged.mrr_usd) as mrr_usd
    from aged
    -- of a cohort from before the first export nobody knows who had left by then
    inner join source_types
        on
            aged.cohort_month_date >= source_types.observed_from_date
            and source_types.source_type = 'subscription'
    group by aged.cohort_month_date, aged.months_since_signup

),

cohorts as (

    select
        counted.cohort_month_date,
        counted.cohort_account_count,
        counted.mrr_usd as start_mrr_usd
    from counted
    where counted.months_since_signup = 0

),

ages as (

    select distinct counted.months_since_signup
    from counted

),

-- every cohort has every age: what it has not reached yet is NULL
final as (

    select
        cohorts.cohort_month_date,
        ages.months_since_signup,
        cohorts.cohort_account_count,
        counted.paying_account_count,
        cohorts.start_mrr_usd,
        counted.mrr_usd,
        {{ ratio('counted.paying_account_count', 'cohorts.cohort_account_count') }}
            as logo_retention_ratio,
        {{ ratio('counted.mrr_usd', 'cohorts.start_mrr_usd') }} as revenue_retention_ratio
    from cohorts
    cross join ages
    left join counted
        on
            cohorts.cohort_month_date = counted.cohort_month_date
            and ages.months_since_signup = counted.months_since_signup

)

select {{ contract_columns('final') }}
from final
