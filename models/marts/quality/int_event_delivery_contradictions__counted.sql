with events as (

    select * from {{ ref('stg_usage__events') }}
    where landed_date >= {{ add_days(as_of_date(), -var('quality_window_days')) }}

),

contents as (

    select
        events.event_id,
        events.user_id,
        events.workspace_id,
        events.event_type,
        events.occurred_at,
        count(*) as delivery_count
    from events
    group by
        events.event_id,
        events.user_id,
        events.workspace_id,
        events.event_type,
        events.occurred_at

),

ids as (

    select
        contents.event_id,
        sum(contents.delivery_count) as delivery_count,
        count(*) as content_count
    from contents
    group by contents.event_id

),

counted as (

    select
        coalesce(sum(ids.delivery_count), 0) as deliveries,
        coalesce(sum(ids.delivery_count - ids.content_count), 0) as redelivered,
        count(*) as event_ids,
        count(case when ids.content_count > 1 then 1 end) as reused
    from ids

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_event_delivery_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'event_redelivered' then counted.deliveries
            when 'event_id_on_different_events' then counted.event_ids
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'event_redelivered' then counted.redelivered
            when 'event_id_on_different_events' then counted.reused
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
