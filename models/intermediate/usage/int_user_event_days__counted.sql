{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=builds_everything(),
        pre_hook="{{ delete_known_since('known_date') }}"
    )
}}

with events as (

    select * from {{ ref('stg_usage__events') }}
    -- redeliveries follow within three landing days, so the days before are read along
    where landed_date >= {{ add_days(changed_since(), -var('redelivery_days')) }}

),

deduplicated as (

    select
        events.workspace_id,
        events.user_id,
        events.event_type,
        cast(events.occurred_at as date) as event_date,
        events.event_id,
        min(events.known_at) as known_at
    from events
    group by
        events.workspace_id,
        events.user_id,
        events.event_type,
        cast(events.occurred_at as date),
        events.event_id

),

counted as (

    select
        deduplicated.workspace_id,
        deduplicated.user_id,
        deduplicated.event_type,
        deduplicated.event_date,
        cast(deduplicated.known_at as date) as known_date,
        cast(count(*) as integer) as event_count,
        max(deduplicated.known_at) as last_known_at
    from deduplicated
    where cast(deduplicated.known_at as date) >= {{ changed_since() }}
    group by
        deduplicated.workspace_id,
        deduplicated.user_id,
        deduplicated.event_type,
        deduplicated.event_date,
        cast(deduplicated.known_at as date)

)

select * from counted
