with source as (

    {{ landed('stripe', 'subscriptions') }}

),

live as (

    select
        source.*,
        {{ readable_json('source.cancellation_details') }} as cancellation,
        {{ readable_json('source.items') }} as item_list,
        {{ readable_json('source.metadata') }} as labels,
        {{ readable_json('source.pause_collection') }} as pause,
        {{ readable_json('source.trial_settings') }} as trial_rules
    from source
    -- what a vendor's test mode makes is no subscription
    where coalesce(source.livemode, true)

),

renamed as (

    select
        live.id as subscription_id,
        {{ json_text('live.labels', ['account_id']) }} as account_id,
        live.customer as customer_id,
        lower(live.status) as status,
        lower(live.currency) as currency,
        {{ json_text('live.cancellation', ['reason']) }} as cancellation_reason,
        live.cancel_at_period_end as will_cancel_at_period_end,
        coalesce(
            {{ json_text('live.trial_rules', ['end_behavior', 'missing_payment_method']) }}
            in ('cancel', 'pause'),
            false
        ) as will_trial_end_unpaid,
        (
            lower(live.status) = 'paused'
            or {{ json_text('live.pause', ['behavior']) }} is not null
        ) as is_paused,
        coalesce({{ json_text('live.item_list', ['has_more']) }} = 'true', false)
            as is_item_list_cut,
        live._is_deleted as is_deleted,
        {{ unreadable_columns({
            'id': 'live.id is null',
            'status': 'live.status is null',
            'items': unreadable_json('live.items'),
            'metadata': unreadable_json('live.metadata'),
            'pause_collection': unreadable_json('live.pause_collection'),
            'start_date': unreadable_epoch('live.start_date', is_required=true),
            'pause_collection.resumes_at': unreadable_epoch(
                json_text('live.pause', ['resumes_at'])
            ),
            'trial_end': unreadable_epoch('live.trial_end'),
            'current_period_start': unreadable_epoch('live.current_period_start'),
            'current_period_end': unreadable_epoch('live.current_period_end'),
            'cancel_at': unreadable_epoch('live.cancel_at'),
            'ended_at': unreadable_epoch('live.ended_at'),
            'updated': unreadable_epoch('live.updated', is_required=true),
        }) }} as unreadable,
        {{ unreadable_columns({
            'trial_start': unreadable_epoch('live.trial_start'),
            'canceled_at': unreadable_epoch('live.canceled_at'),
        }) }} as unreadable_aside,
        {{ epoch_to_timestamp('live.start_date') }} as started_at,
        {{ epoch_to_timestamp('live.trial_start') }} as trial_started_at,
        {{ epoch_to_timestamp('live.trial_end') }} as trial_ended_at,
        {{ epoch_to_timestamp('live.current_period_start') }} as period_started_at,
        {{ epoch_to_timestamp('live.current_period_end') }} as period_ended_at,
        {{ epoch_to_timestamp('live.cancel_at') }} as cancel_at,
        {{ epoch_to_timestamp('live.canceled_at') }} as canceled_at,
        {{ epoch_to_timestamp('live.ended_at') }} as ended_at,
        {{ epoch_to_timestamp(json_text('live.pause', ['resumes_at'])) }} as resumes_at,
        {{ epoch_to_timestamp('live.created') }} as created_at,
        coalesce({{ epoch_to_timestamp('live.updated') }}, live._extracted_at) as changed_at,
        live._extracted_at as known_at
    from live

)

select * from renamed
