with versions as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

stretches as (

    select * from {{ ref('int_subscription_versions__cut') }}

),

items as (

    select * from {{ ref('int_subscription_items__priced') }}

),

discounted as (

    select * from {{ ref('int_subscription_items__discounted') }}

),

lines as (

    select
        stretches.subscription_id,
        stretches.version_number,
        stretches.from_date,
        items.item_id,
        items.plan_id,
        items.is_add_on,
        items.seat_count,
        items.billing_months,
        coalesce(discounted.monthly_cents, items.monthly_cents) as monthly_cents,
        row_number() over (
            partition by
                stretches.subscription_id, stretches.version_number, stretches.from_date
            order by
                case when items.is_add_on or items.is_metered then 1 else 0 end,
                coalesce(items.monthly_cents, 0) desc,
                items.item_id
        ) as size_rank
    from stretches
    inner join versions
        on
            stretches.subscription_id = versions.subscription_id
            and stretches.version_number = versions.version_number
    inner join items
        on
            versions.subscription_id = items.subscription_id
            and versions.items_changed_at = items.changed_at
            and versions.items_known_at = items.known_at
    left join discounted
        on
            stretches.subscription_id = discounted.subscription_id
            and stretches.version_number = discounted.version_number
            and stretches.from_date = discounted.from_date
            and items.item_id = discounted.item_id

),

lines_summed as (

    select
        lines.subscription_id,
        lines.version_number,
        lines.from_date,
        sum(lines.seat_count) as seat_count,
        min(lines.billing_months) as billing_months,
        sum(lines.monthly_cents) as monthly_cents,
        max(
            case
                when lines.size_rank = 1
                    then case when lines.is_add_on then 'add-on only' else lines.plan_id end
            end
        ) as plan_id
    from lines
    group by lines.subscription_id, lines.version_number, lines.from_date

),

priced as (

    select
        versions.subscription_id,
        versions.version_number,
        stretches.from_date as stretch_from_date,
        stretches.until_date as stretch_until_date,
        versions.account_id,
        versions.status,
        versions.has_state,
        versions.put_aside_because is not null as is_held,
        lines_summed.seat_count,
        lines_summed.billing_months,
        lines_summed.plan_id,
        -- rounded once, here; every sum below is a sum of whole cents. Seven digits first: half a
        -- cent must not depend on the last bit of a binary fraction
        cast(
            round(cast(lines_summed.monthly_cents as decimal(28, 7))) as bigint
        ) as mrr_cents,
        versions.started_date,
        versions.trial_started_date,
        versions.trial_ended_date,
        versions.will_trial_end_unpaid,
        versions.period_started_date,
        versions.term_end_date,
        versions.ended_date,
        versions.cancel_date,
        versions.cancellation_reason,
        versions.is_paused,
        versions.resumes_date,
        versions.is_deleted,
        versions.state_changed_at,
        versions.changed_at,
        versions.known_at
    from versions
    inner join stretches
        on
            versions.subscription_id = stretches.subscription_id
            and versions.version_number = stretches.version_number
    left join lines_summed
        on
            stretches.subscription_id = lines_summed.subscription_id
            and stretches.version_number = lines_summed.version_number
            and stretches.from_date = lines_summed.from_date

)

select * from priced
