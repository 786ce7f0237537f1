{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_known_since('known_date') }}"
    )
}}

-- redeliveries follow within three landing days, so the days before are read along
{% set first_landed_date = add_days(changed_since(), -var('redelivery_days')) -%}

-- Most events are delivered once, and to group all of them by their id costs more than anything
-- else here. Ids that may have come twice are found by sorting their hashes; only they are grouped.
-- Each step reads the events anew: a CTE that is read twice would hold them all in memory.
with hashed as (

    select
        cast(events.occurred_at as date) as event_date,
        {{ text_hash('events.event_id') }} as event_hash
    from {{ ref('stg_usage__events') }} as events
    where events.landed_date >= {{ first_landed_date }}

),

neighboured as (

    select
        hashed.event_hash,
        lag(hashed.event_hash) over (
            partition by hashed.event_date
            order by hashed.event_hash
        ) as previous_hash
    from hashed

),

repeated as (

    select distinct neighboured.event_hash
    from neighboured
    where neighboured.event_hash = neighboured.previous_hash

),

repeated_deliveries as (

    select
        events.workspace_id,
        events.user_id,
        events.event_type,
        cast(events.occurred_at as date) as event_date,
        events.known_at,
        {{ days_between(
            'lag(events.landed_date) over (
                partition by
                    events.workspace_id,
                    events.user_id,
                    events.event_type,
                    cast(events.occurred_at as date),
                    events.event_id
                order by events.landed_date, events.known_at
            )',
            'events.landed_date'
        ) }} as days_since_delivery
    from {{ ref('stg_usage__events') }} as events
    inner join repeated
        on {{ text_hash('events.event_id') }} = repeated.event_hash
    where events.landed_date >= {{ first_landed_date }}

),

first_delivered as (

    select
        events.workspace_id,
        events.user_id,
        events.event_type,
        cast(events.occurred_at as date) as event_date,
        events.known_at
    from {{ ref('stg_usage__events') }} as events
    left join repeated
        on {{ text_hash('events.event_id') }} = repeated.event_hash
    where
        events.landed_date >= {{ first_landed_date }}
        and repeated.event_hash is null
    union all
    select
        repeated_deliveries.workspace_id,
        repeated_deliveries.user_id,
        repeated_deliveries.event_type,
        repeated_deliveries.event_date,
        repeated_deliveries.known_at
    from repeated_deliveries
    where
        repeated_deliveries.days_since_delivery is null
        or repeated_deliveries.days_since_delivery > {{ var('redelivery_days') }}

),

counted as (

    select
        first_delivered.workspace_id,
        first_delivered.user_id,
        event_types.feature_category,
        coalesce(event_types.is_core_action, false) as is_core_action,
        coalesce(event_types.is_comment, false) as is_comment,
        coalesce(event_types.is_invite, false) as is_invite,
        first_delivered.event_date,
        cast(first_delivered.known_at as date) as known_date,
        cast(count(*) as integer) as event_count,
        max(first_delivered.known_at) as last_known_at
    from first_delivered
    left join {{ ref('event_types') }} as event_types
        on first_delivered.event_type = event_types.event_type
    where cast(first_delivered.known_at as date) >= {{ changed_since() }}
    group by
        first_delivered.workspace_id,
        first_delivered.user_id,
        event_types.feature_category,
        coalesce(event_types.is_core_action, false),
        coalesce(event_types.is_comment, false),
        coalesce(event_types.is_invite, false),
        first_delivered.event_date,
        cast(first_delivered.known_at as date)

)

select * from counted
