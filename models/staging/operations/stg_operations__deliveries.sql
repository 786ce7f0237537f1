with outbox as (

    select * from {{ source('ops', 'outbox') }}

),

deliveries as (

    select * from {{ source('ops', 'deliveries') }}

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
        outbox.idempotency_key,
        outbox.destination,
        outbox.record_id,
        outbox.account_id,
        outbox.payload_version,
        outbox.payload_version = max(outbox.payload_version) over (
            partition by outbox.destination, outbox.record_id
        ) as is_newest,
        outbox.is_blank,
        outbox.payload,
        coalesce(ranked.state, 'pending') as state,
        coalesce(counted.request_count, 0) as request_count,
        coalesce(counted.refusal_count, 0) as refusal_count,
        last_errors.last_error,
        outbox.model_version,
        outbox.as_of_date,
        outbox.run_id,
        coalesce(ranked.sync_id, outbox.sync_id) as sync_id,
        outbox.created_at,
        coalesce(ranked.recorded_at, outbox.created_at) as state_since
    from outbox
    left join counted
        on outbox.idempotency_key = counted.idempotency_key
    left join ranked
        on
            outbox.idempotency_key = ranked.idempotency_key
            and ranked.recency = 1
    left join last_errors
        on outbox.idempotency_key = last_errors.idempotency_key

)

select {{ contract_columns('delivered') }}
from delivered
