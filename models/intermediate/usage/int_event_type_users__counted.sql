with users as (

    select * from {{ ref('int_users__classified') }}
    where not is_internal_or_bot

),

workspaces as (

    select * from {{ ref('int_workspaces__owned') }}

),

-- an event is known before its day where a clock is wrong
window_known as (

    select min(event_days.known_date) as first_known_date
    from {{ ref('int_user_event_days__counted') }} as event_days
    where event_days.event_date >= {{ add_days(as_of_date(), -90) }}

),

-- one pass over 90 days; all deliveries of an event are of one day (D011)
delivered as (

    select
        events.event_type,
        events.workspace_id,
        events.user_id,
        events.event_id
    from {{ ref('stg_usage__events') }} as events
    where
        events.landed_date >= least(
            (select window_known.first_known_date from window_known),
            {{ add_days(as_of_date(), -90) }}
        )
        and events.occurred_at >= {{ add_days(as_of_date(), -90) }}
        and events.occurred_at < {{ as_of_date() }}
    group by
        events.event_type,
        events.workspace_id,
        events.user_id,
        events.event_id,
        cast(events.occurred_at as date)

),

counted as (

    select
        delivered.event_type,
        delivered.workspace_id,
        delivered.user_id,
        count(*) as event_count
    from delivered
    group by delivered.event_type, delivered.workspace_id, delivered.user_id

),

attributed as (

    select
        counted.event_type,
        workspaces.account_id,
        counted.user_id,
        sum(counted.event_count) as event_count
    from counted
    inner join users
        on counted.user_id = users.user_id
    inner join workspaces
        on counted.workspace_id = workspaces.workspace_id
    group by counted.event_type, workspaces.account_id, counted.user_id

)

select * from attributed
