with scheduled as (

    select * from {{ ref('stg_subscription__scheduled_item_versions') }}

),

versions as (

    select distinct
        scheduled.schedule_id,
        scheduled.changed_at
    from scheduled

),

followed as (

    select
        versions.schedule_id,
        versions.changed_at,
        lead(versions.changed_at, 1, cast('9999-01-01' as timestamp)) over (
            partition by versions.schedule_id
            order by versions.changed_at
        ) as next_changed_at
    from versions

),

placed as (

    select
        scheduled.*,
        followed.next_changed_at,
        -- where one phase's end is not known, nobody knows the last
        case
            when count(*) over of_version = count(scheduled.phase_ended_at) over of_version
                then max(scheduled.phase_ended_at) over of_version
        end as schedule_ended_at
    from scheduled
    inner join followed
        on
            scheduled.schedule_id = followed.schedule_id
            and scheduled.changed_at = followed.changed_at
    window of_version as (
        partition by scheduled.schedule_id, scheduled.changed_at, scheduled.known_at
    )

),

-- a phase that had begun when it was told is in the subscription's own versions; one that a newer
-- version of the schedule took back before it began never came
told as (

    select
        placed.schedule_id,
        placed.subscription_id,
        placed.phase_started_at,
        placed.phase_ended_at,
        placed.schedule_ended_at,
        placed.will_cancel_at_end and coalesce(
            placed.schedule_ended_at < placed.next_changed_at, false
        ) as will_cancel_at_end,
        placed.trial_ended_at,
        placed.has_own_discounts,
        placed.plan_id,
        placed.price_id,
        placed.currency,
        placed.unit_amount_minor,
        placed.tiers_mode,
        placed.price_tiers,
        placed.quantity_divisor,
        placed.quantity_rounding,
        placed.usage_type,
        placed.billing_interval,
        placed.billing_interval_count,
        placed.quantity,
        placed.changed_at,
        placed.known_at
    from placed
    where
        placed.subscription_id is not null
        and placed.status in ('not_started', 'active')
        and placed.phase_started_at > placed.changed_at
        and placed.phase_started_at < placed.next_changed_at

)

select * from told
