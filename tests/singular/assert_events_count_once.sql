-- No event of the last week is lost between the landed files and the roll-up, and none is counted
-- for each of its deliveries.
with events as (

    select * from {{ ref('stg_usage__events') }}
    where landed_date >= {{ add_days(as_of_date(), -7 - var('redelivery_days')) }}

),

first_delivered as (

    select
        events.event_id,
        min(cast(events.known_at as date)) as known_date
    from events
    group by events.event_id

),

delivered as (

    select
        first_delivered.known_date,
        count(*) as event_count
    from first_delivered
    where first_delivered.known_date >= {{ add_days(as_of_date(), -7) }}
    group by first_delivered.known_date

),

rolled_up as (

    select
        known_date,
        sum(event_count) as event_count
    from {{ ref('int_user_event_days__counted') }}
    where known_date >= {{ add_days(as_of_date(), -7) }}
    group by known_date

)

select
    coalesce(delivered.known_date, rolled_up.known_date) as known_date,
    delivered.event_count as delivered_count,
    rolled_up.event_count as rolled_up_count
from delivered
full outer join rolled_up
    on delivered.known_date = rolled_up.known_date
where coalesce(delivered.event_count, 0) <> coalesce(rolled_up.event_count, 0)
