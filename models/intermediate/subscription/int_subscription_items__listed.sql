with items as (

    -- a line with a negative price or quantity is counted in the quality report, not in revenue
    select distinct * from {{ ref('stg_subscription__subscription_item_versions') }}
    where coalesce(quantity, 0) >= 0 and coalesce(unit_amount_minor, 0) >= 0

),

scheduled as (

    select * from {{ ref('int_scheduled_items__told') }}
    where not has_begun

),

prices as (

    select
        price_versions.*,
        row_number() over (
            partition by price_versions.price_id
            order by price_versions.known_at asc, price_versions.changed_at desc
        ) as acquaintance
    from {{ ref('stg_subscription__price_versions') }} as price_versions

),

words as (

    select * from {{ ref('reported_values') }}
    where field = 'billing_interval'

),

listed as (

    select
        items.subscription_id,
        items.item_id,
        items.changed_at,
        items.known_at,
        items.plan_id,
        items.price_id,
        items.quantity,
        items.unit_amount_minor,
        items.tiers_mode,
        items.price_tiers,
        items.quantity_divisor,
        items.quantity_rounding,
        items.usage_type,
        items.currency,
        items.billing_interval,
        items.billing_interval_count,
        items.tax_behavior,
        items.inclusive_tax_percent,
        items.quantity_unit,
        items.is_add_on,
        items.period_started_at,
        items.period_ended_at,
        cast(null as timestamp) as trial_ended_at,
        items.unreadable
    from items
    union all
    select
        scheduled.subscription_id,
        scheduled.price_id as item_id,
        scheduled.phase_started_at as changed_at,
        scheduled.known_at,
        scheduled.plan_id,
        scheduled.price_id,
        scheduled.quantity,
        scheduled.unit_amount_minor,
        scheduled.tiers_mode,
        scheduled.price_tiers,
        scheduled.quantity_divisor,
        scheduled.quantity_rounding,
        scheduled.usage_type,
        scheduled.currency,
        scheduled.billing_interval,
        scheduled.billing_interval_count,
        scheduled.tax_behavior,
        scheduled.inclusive_tax_percent,
        cast(null as {{ column_type('varchar') }}) as quantity_unit,
        cast(null as boolean) as is_add_on,
        cast(null as timestamp) as period_started_at,
        cast(null as timestamp) as period_ended_at,
        scheduled.trial_ended_at,
        cast(null as {{ column_type('varchar') }}) as unreadable
    from scheduled

),

-- what the item does not say of its price, the price's own record does
looked_up as (

    select
        listed.subscription_id,
        listed.item_id,
        listed.changed_at,
        listed.known_at,
        coalesce(listed.plan_id, prices.plan_id) as plan_id,
        coalesce(listed.unit_amount_minor, prices.unit_amount_minor) as unit_amount_minor,
        coalesce(listed.tiers_mode, prices.tiers_mode) as tiers_mode,
        coalesce(listed.price_tiers, prices.price_tiers) as price_tiers,
        coalesce(listed.quantity_divisor, prices.quantity_divisor) as quantity_divisor,
        coalesce(listed.quantity_rounding, prices.quantity_rounding) as quantity_rounding,
        coalesce(listed.usage_type, prices.usage_type, 'licensed') = 'metered' as is_metered,
        -- an amount that only the price's record says is in the record's currency
        coalesce(
            case
                when listed.unit_amount_minor is null and listed.price_tiers is null
                    then prices.currency
            end,
            listed.currency,
            prices.currency
        ) as currency,
        coalesce(listed.billing_interval, prices.billing_interval) as billing_interval,
        coalesce(listed.billing_interval_count, prices.billing_interval_count, 1)
            as billing_interval_count,
        coalesce(coalesce(listed.tax_behavior, prices.tax_behavior) = 'inclusive', false)
            as is_made_with_tax,
        listed.inclusive_tax_percent,
        listed.quantity_unit,
        listed.is_add_on,
        listed.quantity,
        listed.period_started_at,
        listed.period_ended_at,
        listed.trial_ended_at,
        listed.unreadable
    from listed
    left join prices
        on listed.price_id = prices.price_id and prices.acquaintance = 1

),

billed as (

    select
        looked_up.subscription_id,
        looked_up.item_id,
        looked_up.changed_at,
        looked_up.known_at,
        looked_up.plan_id,
        looked_up.quantity,
        looked_up.quantity_unit,
        looked_up.is_add_on,
        looked_up.is_metered,
        looked_up.unit_amount_minor,
        looked_up.tiers_mode,
        looked_up.price_tiers,
        looked_up.currency,
        case words.value
            when 'year' then 12.0
            when 'month' then 1.0
            when 'week' then 12.0 / 52
            when 'day' then 12.0 / 365
        end * looked_up.billing_interval_count as interval_months,
        -- a rate that is told decides, whatever the price was made for
        looked_up.is_made_with_tax and looked_up.inclusive_tax_percent is null as has_untold_tax,
        1 + coalesce(looked_up.inclusive_tax_percent, 0) / 100.0 as tax_factor,
        looked_up.period_started_at,
        looked_up.period_ended_at,
        looked_up.trial_ended_at,
        looked_up.unreadable,
        case
            when coalesce(looked_up.quantity_divisor, 1) <= 1 then looked_up.quantity
            when looked_up.quantity_rounding = 'down'
                then floor(1.0 * looked_up.quantity / looked_up.quantity_divisor)
            else ceil(1.0 * looked_up.quantity / looked_up.quantity_divisor)
        end as billed_units
    from looked_up
    left join words
        on looked_up.billing_interval = words.reported_value

)

select * from billed
