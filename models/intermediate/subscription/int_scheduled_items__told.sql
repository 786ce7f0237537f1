with scheduled as (

    select * from {{ ref('stg_subscription__scheduled_item_versions') }}

),

versions as (

    select distinct
        scheduled.schedule_id,
        scheduled.changed_at,
        scheduled.known_at
    from scheduled

),

followed as (

    select
        versions.*,
        lead(versions.changed_at) over (
            partition by versions.schedule_id
            order by versions.changed_at, versions.known_at
        ) as next_changed_at
    from versions

),

-- a phase that had begun when it was told is in the subscription's own versions; one that a newer
-- version of the schedule took back before it began never came
told as (

    select
        scheduled.*,
        max(scheduled.phase_ended_at) over (
            partition by scheduled.schedule_id, scheduled.changed_at, scheduled.known_at
        ) as schedule_ended_at
    from scheduled
    inner join followed
        on
            scheduled.schedule_id = followed.schedule_id
            and scheduled.changed_at = followed.changed_at
            and scheduled.known_at = followed.known_at
    where
        scheduled.subscription_id is not null
        and scheduled.status in ('not_started', 'active')
        and scheduled.phase_started_at > scheduled.changed_at
        and (
            followed.next_changed_at is null
            or scheduled.phase_started_at < followed.next_changed_at
        )

)

select * from told
