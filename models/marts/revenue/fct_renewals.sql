with paid_ranges as (

    select * from {{ ref('int_subscriptions__valid_ranged') }}
    where service = 'paid'

),

-- a term that nobody has paid for is none
terms as (

    select distinct
        paid_ranges.subscription_id,
        paid_ranges.term_end_date as due_date
    from paid_ranges
    where
        not paid_ranges.is_past_due
        and paid_ranges.term_end_date > paid_ranges.valid_from_date
        -- passed without a newer row: nobody knows whether it was renewed
        and not paid_ranges.is_last_word

),

-- what ended before the term did was not due
came_due as (

    select
        terms.subscription_id,
        terms.due_date,
        {{ add_days('terms.due_date', var('churn_gap_days') + 1) }} as settled_date,
        paid_ranges.account_id,
        paid_ranges.billing_months,
        paid_ranges.mrr_cents
    from terms
    inner join paid_ranges
        on
            terms.subscription_id = paid_ranges.subscription_id
            and terms.due_date > paid_ranges.valid_from_date
            and terms.due_date <= paid_ranges.valid_until_date

),

first_paid as (

    select
        paid_ranges.subscription_id,
        paid_ranges.account_id,
        min(paid_ranges.valid_from_date) as first_paid_date
    from paid_ranges
    where paid_ranges.account_id is not null
    group by paid_ranges.subscription_id, paid_ranges.account_id

),

kept as (

    select distinct
        came_due.subscription_id,
        came_due.due_date
    from came_due
    inner join paid_ranges
        on
            came_due.subscription_id = paid_ranges.subscription_id
            and not paid_ranges.is_past_due
            and came_due.due_date < paid_ranges.valid_until_date
            and came_due.settled_date > paid_ranges.valid_from_date

),

-- a late renewal may come as a new subscription
replaced as (

    select distinct
        came_due.subscription_id,
        came_due.due_date
    from came_due
    inner join first_paid
        on
            came_due.account_id = first_paid.account_id
            and came_due.subscription_id <> first_paid.subscription_id
            and came_due.due_date <= first_paid.first_paid_date
            and came_due.settled_date > first_paid.first_paid_date

),

dated as (

    select
        came_due.*,
        kept.subscription_id is not null or replaced.subscription_id is not null as is_renewed
    from came_due
    left join kept
        on
            came_due.subscription_id = kept.subscription_id
            and came_due.due_date = kept.due_date
    left join replaced
        on
            came_due.subscription_id = replaced.subscription_id
            and came_due.due_date = replaced.due_date

),

final as (

    select
        dated.subscription_id,
        coalesce(dated.account_id, 'unassigned') as account_id,
        {{ account_month_id("coalesce(dated.account_id, 'unassigned')", 'dated.due_date') }}
            as account_month_id,
        dated.due_date,
        dated.billing_months,
        1 as due_count,
        case when dated.is_renewed then 1 else 0 end as renewed_count,
        cast(12 * dated.mrr_cents as decimal(18, 2)) / 100 as due_arr_usd,
        cast(case when dated.is_renewed then 12 * dated.mrr_cents else 0 end as decimal(18, 2))
        / 100 as renewed_arr_usd
    from dated
    -- a month of which some terms are settled and some are not would read as a whole one
    where
        {{ add_days(next_month_start('dated.due_date'), var('churn_gap_days')) }}
        <= {{ as_of_date() }}

)

select {{ contract_columns('final') }}
from final
