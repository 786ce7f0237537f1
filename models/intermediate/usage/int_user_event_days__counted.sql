{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_known_since('known_date') }}"
    )
}}

-- An event is its id with its user, workspace, type and day; it counts from its first delivery. As
-- all its deliveries are of one day, only days of which something was known before are looked up.
with known_before as (

    {% if is_incremental() -%}
    select
        before.event_date,
        min(before.known_date) as first_known_date
    from {{ this }} as before
    group by before.event_date
    {%- else -%}
    select
        cast(null as date) as event_date,
        cast(null as date) as first_known_date
    {%- endif %}

),

-- Most events are delivered once, and to group all of them by their id costs more than anything
-- else here. Ids that may have come twice are found by sorting their hashes; only they are grouped.
-- Each step reads the events anew: a CTE that is read twice would hold them all in memory.
hashed as (

    select
        cast(events.occurred_at as date) as event_date,
        {{ text_hash('events.event_id') }} as event_hash
    from {{ ref('stg_usage__events') }} as events
    where events.landed_date >= {{ changed_since() }}

),

neighboured as (

    select
        hashed.event_date,
        hashed.event_hash,
        lag(hashed.event_hash) over (
            partition by hashed.event_date
            order by hashed.event_hash
        ) as previous_hash
    from hashed

),

repeated as (

    select
        neighboured.event_hash,
        min(known_before.first_known_date) as first_known_date
    from neighboured
    left join known_before
        on neighboured.event_date = known_before.event_date
    where
        neighboured.event_hash = neighboured.previous_hash
        or known_before.event_date is not null
    group by neighboured.event_hash

),

looked_up as (

    select coalesce(min(repeated.first_known_date), {{ changed_since() }}) as first_landed_date
    from repeated

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
        events.landed_date >= {{ changed_since() }}
        and repeated.event_hash is null
    union all
    select
        events.workspace_id,
        events.user_id,
        events.event_type,
        cast(events.occurred_at as date) as event_date,
        min(events.known_at) as known_at
    from {{ ref('stg_usage__events') }} as events
    inner join repeated
        on {{ text_hash('events.event_id') }} = repeated.event_hash
    where events.landed_date >= (select looked_up.first_landed_date from looked_up)
    group by
        events.workspace_id,
        events.user_id,
        events.event_type,
        cast(events.occurred_at as date),
        events.event_id

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
