with ranges as (

    select
        'valid' as clock,
        coalesce(valid_ranges.account_id, 'unassigned') as account_id,
        valid_ranges.subscription_id,
        valid_ranges.service,
        valid_ranges.valid_from_date as from_date,
        valid_ranges.valid_until_date as until_date,
        valid_ranges.mrr_cents,
        valid_ranges.plan_id
    from {{ ref('int_subscription_versions__valid_ranged') }} as valid_ranges
    union all
    select
        'known' as clock,
        coalesce(known_ranges.account_id, 'unassigned') as account_id,
        known_ranges.subscription_id,
        known_ranges.service,
        known_ranges.as_of_from_date as from_date,
        known_ranges.as_of_until_date as until_date,
        known_ranges.mrr_cents,
        cast(null as {{ column_type('varchar') }}) as plan_id
    from {{ ref('int_subscription_versions__known_ranged') }} as known_ranges

),

unread as (

    select
        ranges.*,
        max(ranges.until_date) over (
            partition by ranges.clock, ranges.account_id
            order by ranges.from_date, ranges.until_date, ranges.subscription_id
            rows between unbounded preceding and 1 preceding
        ) as reached_date
    from ranges
    where ranges.service = 'unknown'

),

numbered as (

    select
        unread.*,
        sum(case when unread.from_date <= unread.reached_date then 0 else 1 end) over (
            partition by unread.clock, unread.account_id
            order by unread.from_date, unread.until_date, unread.subscription_id
            rows between unbounded preceding and current row
        ) as hold_number
    from unread

),

-- times in which some subscription of an account is there and was never readable
holds as (

    select
        numbered.clock,
        numbered.account_id,
        numbered.hold_number,
        min(numbered.subscription_id) as subscription_id,
        min(numbered.from_date) as from_date,
        max(numbered.until_date) as until_date
    from numbered
    group by numbered.clock, numbered.account_id, numbered.hold_number

),

paid as (

    select * from ranges
    where service = 'paid'

),

-- the last day with a readable price; one further back than the churn gap was a churn
remembered as (

    select
        holds.clock,
        holds.account_id,
        holds.hold_number,
        max(least(paid.until_date, holds.from_date)) as paid_until_date
    from holds
    inner join paid
        on
            holds.clock = paid.clock
            and holds.account_id = paid.account_id
            and holds.from_date > paid.from_date
    group by holds.clock, holds.account_id, holds.hold_number
),

kept as (

    select
        holds.clock,
        holds.account_id,
        holds.hold_number,
        holds.subscription_id,
        holds.from_date,
        holds.until_date,
        sum(paid.mrr_cents) as kept_mrr_cents,
        max(paid.plan_id) as plan_id
    from holds
    inner join remembered
        on
            holds.clock = remembered.clock
            and holds.account_id = remembered.account_id
            and holds.hold_number = remembered.hold_number
    inner join paid
        on
            holds.clock = paid.clock
            and holds.account_id = paid.account_id
            and remembered.paid_until_date > paid.from_date
            and remembered.paid_until_date <= paid.until_date
    where
        {{ days_between('remembered.paid_until_date', 'holds.from_date') }}
        <= {{ var('churn_gap_days') }}
    group by
        holds.clock, holds.account_id, holds.hold_number, holds.subscription_id,
        holds.from_date, holds.until_date

),

moments as (

    select
        kept.clock,
        kept.account_id,
        kept.hold_number,
        kept.from_date
    from kept
    union
    select
        kept.clock,
        kept.account_id,
        kept.hold_number,
        paid.from_date
    from kept
    inner join paid
        on
            kept.clock = paid.clock
            and kept.account_id = paid.account_id
            and kept.from_date < paid.from_date
            and kept.until_date > paid.from_date
    union
    select
        kept.clock,
        kept.account_id,
        kept.hold_number,
        paid.until_date as from_date
    from kept
    inner join paid
        on
            kept.clock = paid.clock
            and kept.account_id = paid.account_id
            and kept.from_date < paid.until_date
            and kept.until_date > paid.until_date

),

stretches as (

    select
        kept.clock,
        kept.account_id,
        kept.subscription_id,
        kept.plan_id,
        kept.kept_mrr_cents,
        moments.from_date,
        lead(moments.from_date, 1, kept.until_date) over (
            partition by moments.clock, moments.account_id, moments.hold_number
            order by moments.from_date
        ) as until_date
    from moments
    inner join kept
        on
            moments.clock = kept.clock
            and moments.account_id = kept.account_id
            and moments.hold_number = kept.hold_number

),

-- what can be read counts towards what the account keeps
topped_up as (

    select
        stretches.clock,
        stretches.account_id,
        stretches.subscription_id,
        stretches.plan_id,
        stretches.from_date,
        stretches.until_date,
        stretches.kept_mrr_cents - coalesce(sum(paid.mrr_cents), 0) as mrr_cents
    from stretches
    left join paid
        on
            stretches.clock = paid.clock
            and stretches.account_id = paid.account_id
            and stretches.from_date >= paid.from_date
            and stretches.from_date < paid.until_date
    group by
        stretches.clock, stretches.account_id, stretches.subscription_id, stretches.plan_id,
        stretches.kept_mrr_cents, stretches.from_date, stretches.until_date

)

select * from topped_up
where topped_up.mrr_cents > 0
