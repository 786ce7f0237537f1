with versions as (

    select * from {{ ref('stg_subscription__subscription_versions') }}

),

items as (

    select * from {{ ref('stg_subscription__subscription_item_versions') }}

),

currency_rates as (

    select * from {{ ref('currency_rates') }}

),

items_monthly as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at,
        sum(items.quantity) as seat_count,
        min(
            case items.billing_interval
                when 'year' then 12 * items.billing_interval_count
                when 'month' then items.billing_interval_count
                when 'week' then 0
            end
        ) as billing_months,
        sum(
            items.unit_amount_minor * items.quantity * case items.billing_interval
                when 'year' then 1.0 / 12
                when 'month' then 1.0
                when 'week' then 52.0 / 12
            end / items.billing_interval_count
        ) as monthly_amount_minor
    from items
    group by items.subscription_id, items.changed_at, items.known_at

),

priced as (

    select
        versions.subscription_id,
        versions.account_id,
        versions.status,
        items_monthly.seat_count,
        items_monthly.billing_months,
        -- rounded once, here; every sum below is a sum of whole cents
        cast(
            round(
                items_monthly.monthly_amount_minor
                * (1 - coalesce(versions.discount_pct, 0) / 100.0)
                * currency_rates.usd_per_unit
            ) as bigint
        ) as mrr_cents,
        cast(versions.started_at as date) as started_date,
        cast(versions.trial_started_at as date) as trial_started_date,
        cast(versions.trial_ended_at as date) as trial_ended_date,
        cast(versions.period_started_at as date) as period_started_date,
        cast(versions.period_ended_at as date) as term_end_date,
        cast(versions.ended_at as date) as ended_date,
        versions.is_paused,
        versions.is_deleted,
        versions.changed_at,
        versions.known_at
    from versions
    left join items_monthly
        on
            versions.subscription_id = items_monthly.subscription_id
            and versions.changed_at = items_monthly.changed_at
            and versions.known_at = items_monthly.known_at
    left join currency_rates
        on versions.currency = currency_rates.currency

)

select * from priced
