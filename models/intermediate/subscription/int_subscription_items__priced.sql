with items as (

    select * from {{ ref('int_subscription_items__listed') }}

),

tier_amounts as (

    select * from {{ ref('int_price_tiers__summed') }}

),

plans as (

    select
        plan_versions.plan_id,
        plan_versions.is_add_on,
        plan_versions.quantity_unit,
        row_number() over (
            partition by plan_versions.plan_id
            order by plan_versions.known_at asc, plan_versions.changed_at desc
        ) as acquaintance
    from {{ ref('stg_master_records__plan_versions') }} as plan_versions

),

currency_rates as (

    select * from {{ ref('currency_rates') }}

),

priced as (

    select
        items.subscription_id,
        items.item_id,
        items.changed_at,
        items.known_at,
        items.plan_id,
        items.is_metered,
        coalesce(items.is_add_on, plans.is_add_on, false) as is_add_on,
        case
            when coalesce(items.quantity_unit, plans.quantity_unit) = 'seats' then items.quantity
        end as seat_count,
        items.interval_months,
        items.tax_factor,
        -- weekly and daily plans bill within a month
        cast(case when items.interval_months < 1 then 0 else items.interval_months end as bigint)
            as billing_months,
        items.period_started_at,
        items.period_ended_at,
        items.trial_ended_at,
        items.unreadable,
        case
            when items.is_metered then 0.0
            else
                coalesce(items.unit_amount_minor * items.billed_units, tier_amounts.amount_minor)
                / items.interval_months
                / items.tax_factor
                * currency_rates.usd_per_unit
                * power(10, 2 - currency_rates.minor_unit_digits)
        end as monthly_cents,
        case
            when items.is_metered then null
            when currency_rates.currency is null then 'currency'
            when items.interval_months is null then 'interval'
            when
                items.billed_units is null
                or (items.unit_amount_minor is null and tier_amounts.amount_minor is null)
                then 'price'
        end as unpriced_because
    from items
    left join tier_amounts
        on
            items.price_tiers = tier_amounts.price_tiers
            and items.tiers_mode = tier_amounts.tiers_mode
            and items.billed_units = tier_amounts.billed_units
    left join currency_rates
        on items.currency = currency_rates.currency
    left join plans
        on items.plan_id = plans.plan_id and plans.acquaintance = 1

)

select * from priced
