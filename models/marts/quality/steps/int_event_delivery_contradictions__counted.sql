with deliveries as (

    select * from {{ ref('stg_usage__events') }}
    where
        landed_date >= {{ add_days(as_of_date(), -var('quality_window_days')) }}
        and known_at >= {{ add_days(as_of_date(), -var('quality_window_days')) }}

),

landings as (

    select * from {{ ref('int_event_landings__counted') }}
    where known_date >= {{ add_days(as_of_date(), -var('quality_window_days')) }}

),

contents as (

    select
        deliveries.event_id,
        count(*) as delivery_count
    from deliveries
    group by
        deliveries.event_id,
        deliveries.user_id,
        deliveries.workspace_id,
        deliveries.event_type,
        cast(deliveries.occurred_at as date)

),

ids as (

    select
        contents.event_id,
        sum(contents.delivery_count) as delivery_count,
        count(*) as content_count
    from contents
    group by contents.event_id

),

delivered as (

    select
        coalesce(sum(ids.delivery_count), 0) as deliveries,
        count(*) as event_ids,
        count(case when ids.content_count > 1 then 1 end) as reused
    from ids

),

first_delivered as (

    select
        coalesce(sum(landings.event_count), 0) as events,
        coalesce(sum(landings.late_event_count), 0) as late
    from landings

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_event_delivery_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'event_redelivered' then delivered.deliveries
            when 'event_id_on_different_events' then delivered.event_ids
            when 'event_known_over_7_days_late' then first_delivered.events
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            -- of what was delivered in these days, all that did not count there
            when 'event_redelivered' then delivered.deliveries - first_delivered.events
            when 'event_id_on_different_events' then delivered.reused
            when 'event_known_over_7_days_late' then first_delivered.late
        end as bigint) as rows_failing
    from rules
    cross join delivered
    cross join first_delivered

)

select * from reported
