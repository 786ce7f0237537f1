with source as (

    select * from {{ source('stripe', 'subscriptions') }}

),

renamed as (

    select
        source.id as subscription_id,
        {{ json_text('source.metadata', ['account_id']) }} as account_id,
        source.customer as customer_id,
        source.status,
        source.currency,
        {{ json_text('source.cancellation_details', ['reason']) }} as cancellation_reason,
        cast(
            {{ json_text('source.discount', ['coupon', 'percent_off']) }}
            as {{ column_type('double') }}
        ) as discount_pct,
        source.cancel_at_period_end as will_cancel_at_period_end,
        (
            source.status = 'paused'
            or {{ json_text('source.pause_collection', ['behavior']) }} is not null
        ) as is_paused,
        source._is_deleted as is_deleted,
        {{ epoch_to_timestamp('source.start_date') }} as started_at,
        {{ epoch_to_timestamp('source.trial_start') }} as trial_started_at,
        {{ epoch_to_timestamp('source.trial_end') }} as trial_ended_at,
        {{ epoch_to_timestamp('source.current_period_start') }} as period_started_at,
        {{ epoch_to_timestamp('source.current_period_end') }} as period_ended_at,
        {{ epoch_to_timestamp('source.canceled_at') }} as canceled_at,
        {{ epoch_to_timestamp('source.ended_at') }} as ended_at,
        {{ epoch_to_timestamp(
            json_text('source.pause_collection', ['resumes_at'])
        ) }} as resumes_at,
        {{ epoch_to_timestamp('source.created') }} as created_at,
        {{ epoch_to_timestamp('source.updated') }} as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
