with items as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at,
        cast(sum(items.quantity) as {{ column_type('varchar') }})
        || ' ' || coalesce(min(items.plan_id) || ' ' || max(items.plan_id), '') as bought
    from {{ ref('int_subscription_items__listed') }} as items
    group by items.subscription_id, items.changed_at, items.known_at

),

-- with what was bought then
paid_ranges as (

    select
        ranges.*,
        items.bought
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges
    left join {{ ref('int_subscription_versions__judged') }} as versions
        on
            ranges.subscription_id = versions.subscription_id
            and ranges.version_number = versions.version_number
    left join items
        on
            versions.subscription_id = items.subscription_id
            and versions.items_changed_at = items.changed_at
            and versions.items_known_at = items.known_at
    where ranges.service = 'paid'

),

lines as (

    select * from {{ ref('int_invoice_lines__normalised') }}

),

-- before the first invoice on file nobody knows what was billed
observed as (

    select
        cast(min(versions.known_at) as date) as first_known_date,
        cast(min(versions.created_at) as date) as first_invoice_date
    from {{ ref('stg_subscription__invoice_versions') }} as versions
    where exists (select 1 from lines)

),

observed_months as (

    select
        months.period_start_date as month_start_date,
        months.period_end_date as month_end_date,
        observed.first_invoice_date
    from {{ ref('int_periods__completed') }} as months
    inner join observed
        on months.grain = 'month' and months.period_start_date >= observed.first_known_date

),

-- either side at the end of the month's last day
billed as (

    select
        lines.subscription_id,
        observed_months.month_start_date,
        min(lines.account_id) as account_id,
        max(lines.valid_from_date) as billed_from_date,
        sum(case when lines.is_proration then 0 else lines.monthly_cents end) as billed_cents,
        sum(case when lines.is_proration then lines.monthly_cents else 0 end) as prorated_cents,
        sum(case when lines.is_proration then 0 else 1 end) as whole_period_count,
        sum(lines.monthly_credit_cents) as credit_cents,
        sum(
            case when lines.is_unpaid and not lines.is_proration then lines.monthly_cents else 0 end
        ) as billed_unpaid_cents,
        sum(lines.monthly_discount_cents) as billed_discount_cents
    from lines
    inner join observed_months
        on
            lines.valid_from_date < observed_months.month_end_date
            and lines.valid_until_date >= observed_months.month_end_date
    group by lines.subscription_id, observed_months.month_start_date

),

booked as (

    select
        paid_ranges.*,
        observed_months.month_start_date
    from paid_ranges
    inner join observed_months
        on
            paid_ranges.valid_from_date < observed_months.month_end_date
            and paid_ranges.valid_until_date >= observed_months.month_end_date

),

joined as (

    select
        coalesce(booked.subscription_id, billed.subscription_id) as subscription_id,
        coalesce(booked.month_start_date, billed.month_start_date) as month_start_date,
        coalesce(booked.account_id, billed.account_id) as account_id,
        coalesce(booked.mrr_cents, 0) as mrr_cents,
        coalesce(booked.is_held, false) as is_held,
        booked.bought,
        -- a term covers what its invoice bills; weeks count as a month
        {{ add_days('booked.term_end_date', '-31 * greatest(booked.billing_months, 1)') }}
            as term_from_date,
        booked.term_end_date,
        billed.billed_from_date,
        cast(round(coalesce(billed.billed_cents, 0)) as bigint) as billed_cents,
        cast(round(coalesce(billed.prorated_cents, 0)) as bigint) as prorated_cents,
        coalesce(billed.whole_period_count, 0) > 0 as has_whole_period,
        cast(round(coalesce(billed.credit_cents, 0)) as bigint) as credit_cents,
        cast(round(coalesce(billed.billed_unpaid_cents, 0)) as bigint) as billed_unpaid_cents,
        cast(round(coalesce(billed.billed_discount_cents, 0)) as bigint) as billed_discount_cents
    from booked
    full outer join billed
        on
            booked.subscription_id = billed.subscription_id
            and booked.month_start_date = billed.month_start_date

),

-- what the subscription was when it was last billed
placed as (

    select
        joined.*,
        observed_months.month_end_date,
        observed_months.first_invoice_date,
        then_booked.mrr_cents as mrr_cents_then,
        coalesce(then_booked.bought <> joined.bought, false) as is_changed
    from joined
    inner join observed_months
        on joined.month_start_date = observed_months.month_start_date
    left join paid_ranges as then_booked
        on
            joined.subscription_id = then_booked.subscription_id
            and joined.billed_from_date >= then_booked.valid_from_date
            and joined.billed_from_date < then_booked.valid_until_date

)

select * from placed
