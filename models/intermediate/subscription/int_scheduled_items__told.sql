with scheduled as (

    select * from {{ ref('stg_subscription__scheduled_item_versions') }}

),

placed as (

    select
        scheduled.*,
        -- where one phase's end is not known, nobody knows the last
        case
            when count(*) over of_version = count(scheduled.phase_ended_at) over of_version
                then max(scheduled.phase_ended_at) over of_version
        end as schedule_ended_at
    from scheduled
    window of_version as (
        partition by scheduled.schedule_id, scheduled.changed_at, scheduled.known_at
    )

),

versions as (

    select distinct
        scheduled.schedule_id,
        scheduled.changed_at,
        scheduled.known_at
    from scheduled

),

-- a newer version of the schedule takes back what has not begun, once it is known
taken_back as (

    select
        placed.schedule_id,
        placed.changed_at,
        placed.known_at,
        placed.phase_started_at,
        min(case when later.changed_at <= placed.phase_started_at then later.known_at end)
            as taken_back_known_at,
        min(case when later.changed_at <= placed.schedule_ended_at then later.known_at end)
            as end_taken_back_known_at
    from placed
    inner join versions as later
        on
            placed.schedule_id = later.schedule_id
            and placed.changed_at < later.changed_at
    group by
        placed.schedule_id, placed.changed_at, placed.known_at, placed.phase_started_at

),

-- a phase that had begun when it was told is in the subscription's own versions: it says at most
-- when the schedule cancels
told as (

    select
        placed.schedule_id,
        placed.subscription_id,
        placed.phase_started_at,
        placed.phase_ended_at,
        placed.schedule_ended_at,
        placed.phase_started_at <= placed.changed_at as has_begun,
        placed.will_cancel_at_end
        and placed.schedule_ended_at is not null
        and (
            taken_back.end_taken_back_known_at is null
            or taken_back.end_taken_back_known_at > placed.known_at
        ) as will_cancel_at_end,
        taken_back.taken_back_known_at,
        taken_back.end_taken_back_known_at,
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
        placed.tax_behavior,
        placed.inclusive_tax_percent,
        placed.quantity,
        placed.changed_at,
        placed.known_at
    from placed
    left join taken_back
        on
            placed.schedule_id = taken_back.schedule_id
            and placed.changed_at = taken_back.changed_at
            and placed.known_at = taken_back.known_at
            and placed.phase_started_at = taken_back.phase_started_at
    where
        placed.subscription_id is not null
        and placed.status in ('not_started', 'active')
        and (
            placed.phase_started_at > placed.changed_at
            or (
                placed.phase_started_at <= placed.changed_at
                and placed.will_cancel_at_end
                and placed.schedule_ended_at > placed.changed_at
            )
        )
        and (
            taken_back.taken_back_known_at is null
            or taken_back.taken_back_known_at > placed.known_at
        )

)

select * from told
