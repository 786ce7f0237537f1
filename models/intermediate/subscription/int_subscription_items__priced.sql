with items as (

    select distinct * from {{ ref('stg_subscription__subscription_item_versions') }}
    -- a line with a negative price or quantity is counted in the quality report, not in revenue
    where quantity >= 0 and unit_amount_minor >= 0

),

priced as (

    select
        items.subscription_id,
        items.item_id,
        items.changed_at,
        items.known_at,
        items.plan_id,
        items.quantity,
        case items.billing_interval
            when 'year' then 12 * items.billing_interval_count
            when 'month' then items.billing_interval_count
            when 'week' then 0
        end as billing_months,
        items.unit_amount_minor * items.quantity * case items.billing_interval
            when 'year' then 1.0 / 12
            when 'month' then 1.0
            when 'week' then 52.0 / 12
        end / items.billing_interval_count as monthly_amount_minor
    from items

)

select * from priced
