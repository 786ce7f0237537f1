with outbox as (

    select * from {{ source('ops', 'outbox') }}

),

versions as (

    select
        outbox.destination,
        outbox.record_id,
        max(outbox.payload_version) as payload_version
    from outbox
    group by outbox.destination, outbox.record_id

),

newest as (

    select outbox.*
    from outbox
    inner join versions
        on
            outbox.destination = versions.destination
            and outbox.record_id = versions.record_id
            and outbox.payload_version = versions.payload_version

),

-- of the newest versions alone: the older ones are many
deliveries as (

    select deliveries.*
    from {{ source('ops', 'deliveries') }} as deliveries
    inner join newest
        on deliveries.idempotency_key = newest.idempotency_key

),

counted as (

    select
        deliveries.idempotency_key,
        sum(deliveries.request_count) as request_count,
        sum(case when deliveries.state in ('failed', 'dead') then 1 else 0 end) as refusal_count
    from deliveries
    group by deliveries.idempotency_key

),

ranked as (

    select
        deliveries.*,
        row_number() over (
            partition by deliveries.idempotency_key
            order by deliveries.recorded_at desc, deliveries.state desc
        ) as recency,
        row_number() over (
            partition by
                deliveries.idempotency_key,
                case when deliveries.error is null then 0 else 1 end
            order by deliveries.recorded_at desc, deliveries.state desc
        ) as recency_among_errors
    from deliveries

),

last_errors as (

    select
        ranked.idempotency_key,
        ranked.error as last_error
    from ranked
    where ranked.error is not null and ranked.recency_among_errors = 1

),

delivered as (

    select
        newest.idempotency_key,
        newest.destination,
        newest.record_id,
        newest.account_id,
        newest.payload_version,
        newest.is_blank,
        newest.payload,
        coalesce(ranked.state, 'pending') as state,
        coalesce(counted.request_count, 0) as request_count,
        coalesce(counted.refusal_count, 0) as refusal_count,
        last_errors.last_error,
        newest.model_version,
        newest.as_of_date,
        newest.run_id,
        coalesce(ranked.sync_id, newest.sync_id) as sync_id,
        newest.created_at,
        coalesce(ranked.recorded_at, newest.created_at) as state_since
    from newest
    left join counted
        on newest.idempotency_key = counted.idempotency_key
    left join ranked
        on
            newest.idempotency_key = ranked.idempotency_key
            and ranked.recency = 1
    left join last_errors
        on newest.idempotency_key = last_errors.idempotency_key

)

select {{ contract_columns('delivered') }}
from delivered
