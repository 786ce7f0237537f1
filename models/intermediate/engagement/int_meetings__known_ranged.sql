with tasks as (

    select * from {{ ref('int_meeting_versions__mapped') }}

),

meetings as (

    select
        tasks.*,
        max(tasks.changed_at) over (
            partition by tasks.task_id
            order by tasks.known_at, tasks.changed_at
            rows between unbounded preceding and 1 preceding
        ) as newest_change_before
    from tasks

),

ranged as (

    select
        meetings.task_id,
        meetings.account_id,
        meetings.activity_date,
        meetings.status,
        meetings.is_deleted,
        greatest(
            {{ add_days('meetings.known_at', 1) }}, {{ add_days('meetings.activity_date', 1) }}
        ) as as_of_from_date,
        least(
            coalesce(
                lead({{ add_days('meetings.known_at', 1) }}) over (
                    partition by meetings.task_id
                    order by meetings.known_at, meetings.changed_at
                ),
                cast('9999-01-01' as date)
            ),
            {{ add_days('meetings.activity_date', 91) }}
        ) as as_of_until_date
    from meetings
    -- a version that arrives after a newer one never becomes the state
    where
        meetings.newest_change_before is null
        or meetings.changed_at >= meetings.newest_change_before

)

select * from ranged
where
    ranged.as_of_from_date < ranged.as_of_until_date
    and ranged.status in ('held', 'missed')
    and not ranged.is_deleted
