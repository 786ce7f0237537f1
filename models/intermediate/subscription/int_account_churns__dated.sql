with paid_ranges as (

    select
        ranges.account_id,
        ranges.valid_from_date,
        least(ranges.valid_until_date, {{ as_of_date() }}) as valid_until_date
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges
    where
        ranges.service = 'paid'
        and ranges.account_id is not null
        and ranges.valid_from_date < {{ as_of_date() }}

),

reached as (

    select
        paid_ranges.*,
        max(paid_ranges.valid_until_date) over (
            partition by paid_ranges.account_id
            order by paid_ranges.valid_from_date, paid_ranges.valid_until_date
            rows between unbounded preceding and current row
        ) as paid_until_date,
        lead(paid_ranges.valid_from_date) over (
            partition by paid_ranges.account_id
            order by paid_ranges.valid_from_date, paid_ranges.valid_until_date
        ) as next_paid_from_date
    from paid_ranges

),

churned as (

    select distinct
        reached.account_id,
        reached.paid_until_date as churn_date,
        reached.next_paid_from_date as returned_date
    from reached
    where
        {{ days_between(
            'reached.paid_until_date',
            'coalesce(reached.next_paid_from_date, ' ~ as_of_date() ~ ')'
        ) }} > {{ var('churn_gap_days') }}

)

select * from churned
