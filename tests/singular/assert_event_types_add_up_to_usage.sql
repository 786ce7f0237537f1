-- The profile of the event types and the usage facts count the same events: an event of each type
-- is in exactly one row, delivered once or twice.
with profiled as (

    select coalesce(sum(profile.event_count), 0) as event_count
    from {{ ref('rpt_event_type_profile') }} as profile

),

counted as (

    select coalesce(sum(usage.event_count), 0) as event_count
    from {{ ref('fct_account_usage_daily') }} as usage
    where
        usage.event_date >= {{ add_days(as_of_date(), -90) }}
        and usage.event_date < {{ as_of_date() }}

)

select
    profiled.event_count as profiled_count,
    counted.event_count as counted_count
from profiled
cross join counted
where profiled.event_count <> counted.event_count
