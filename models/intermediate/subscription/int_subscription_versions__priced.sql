with versions as (

    select distinct * from {{ ref('stg_subscription__subscription_versions') }}

),

items as (

    select * from {{ ref('int_subscription_items__priced') }}

),

overlapping as (

    select * from {{ ref('int_subscription_versions__overlapped') }}

),

currency_rates as (

    select * from {{ ref('currency_rates') }}

),

ranked as (

    select
        items.*,
        row_number() over (
            partition by items.subscription_id, items.changed_at, items.known_at
            order by items.monthly_amount_minor desc, items.item_id asc
        ) as size_rank
    from items

),

items_monthly as (

    select
        ranked.subscription_id,
        ranked.changed_at,
        ranked.known_at,
        sum(ranked.quantity) as seat_count,
        min(ranked.billing_months) as billing_months,
        sum(ranked.monthly_amount_minor) as monthly_amount_minor,
        max(case when ranked.size_rank = 1 then ranked.plan_id end) as plan_id
    from ranked
    group by ranked.subscription_id, ranked.changed_at, ranked.known_at

),

priced as (

    select
        versions.subscription_id,
        versions.account_id,
        versions.status,
        items_monthly.seat_count,
        items_monthly.billing_months,
        items_monthly.plan_id,
        -- rounded once, here; every sum below is a sum of whole cents. Seven digits first: half a
        -- cent must not depend on the last bit of a binary fraction
        cast(
            round(
                cast(
                    items_monthly.monthly_amount_minor
                    * (1 - coalesce(versions.discount_pct, 0) / 100.0)
                    * currency_rates.usd_per_unit
                    as decimal(28, 7)
                )
            ) as bigint
        ) as mrr_cents,
        cast(versions.started_at as date) as started_date,
        cast(versions.trial_started_at as date) as trial_started_date,
        cast(versions.trial_ended_at as date) as trial_ended_date,
        cast(versions.period_started_at as date) as period_started_date,
        cast(versions.period_ended_at as date) as term_end_date,
        cast(versions.ended_at as date) as ended_date,
        versions.cancellation_reason,
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
    left join overlapping
        on
            versions.subscription_id = overlapping.subscription_id
            and versions.changed_at = overlapping.changed_at
            and versions.known_at = overlapping.known_at
    -- nothing says which of them holds, so the version before them goes on
    where overlapping.subscription_id is null

)

select * from priced
