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
        cast(coalesce(sum(ids.delivery_count), 0) as bigint) as deliveries,
        count(*) as event_ids,
        count(case when ids.content_count > 1 then 1 end) as reused
    from ids

),

first_delivered as (

    select
        cast(coalesce(sum(landings.event_count), 0) as bigint) as events,
        cast(coalesce(sum(landings.late_event_count), 0) as bigint) as late
    from landings

),

counted as (

    select
        'event_redelivered' as rule_name,
        delivered.deliveries as rows_checked,
        -- of what was delivered in these days, all that did not count there
        delivered.deliveries - first_delivered.events as rows_failing
    from delivered
    cross join first_delivered
    union all
    select
        'event_id_on_different_events' as rule_name,
        delivered.event_ids as rows_checked,
        delivered.reused as rows_failing
    from delivered
    union all
    select
        'event_known_over_7_days_late' as rule_name,
        first_delivered.events as rows_checked,
        first_delivered.late as rows_failing
    from first_delivered

)

select * from counted
