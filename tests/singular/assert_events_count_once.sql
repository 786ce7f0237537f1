-- No event that happened in the last week is lost between the landed files and the roll-up, and
-- none is counted for each of its deliveries.
with rolled_up as (

    select
        event_days.event_date,
        sum(event_days.event_count) as event_count,
        min(event_days.known_date) as first_known_date
    from {{ ref('int_user_event_days__counted') }} as event_days
    where event_days.event_date >= {{ add_days(as_of_date(), -7) }}
    group by event_days.event_date

),

events as (

    select distinct
        stg_events.event_id,
        stg_events.workspace_id,
        stg_events.user_id,
        stg_events.event_type,
        cast(stg_events.occurred_at as date) as event_date
    from {{ ref('stg_usage__events') }} as stg_events
    where
        stg_events.landed_date >= (
            -- an event is known before its day where a clock is wrong
            select least(min(rolled_up.first_known_date), {{ add_days(as_of_date(), -7) }})
            from rolled_up
        )
        and stg_events.occurred_at >= {{ add_days(as_of_date(), -7) }}

),

delivered as (

    select
        events.event_date,
        count(*) as event_count
    from events
    group by events.event_date

)

select
    coalesce(delivered.event_date, rolled_up.event_date) as event_date,
    delivered.event_count as delivered_count,
    rolled_up.event_count as rolled_up_count
from delivered
full outer join rolled_up
    on delivered.event_date = rolled_up.event_date
where coalesce(delivered.event_count, 0) <> coalesce(rolled_up.event_count, 0)
