with source as (

    {{ landed('stripe', 'invoices') }}

),

renamed as (

    select distinct
        source.id as invoice_id,
        {{ json_text(readable_json('source.metadata'), ['account_id']) }} as account_id,
        coalesce(
            source.subscription,
            {{ json_text(
                readable_json('source.parent'), ['subscription_details', 'subscription']
            ) }}
        ) as subscription_id,
        lower(source.status) as status,
        lower(source.currency) as currency,
        source.amount_due as amount_due_minor,
        source.amount_paid as amount_paid_minor,
        source.attempt_count,
        coalesce(source.pre_payment_credit_notes_amount, 0)
        + coalesce(source.post_payment_credit_notes_amount, 0) as credited_minor,
        coalesce({{ json_text(readable_json('source.lines'), ['has_more']) }} = 'true', false)
            as is_line_list_cut,
        case
            when source.lines <> '' and {{ readable_json('source.lines') }} is null then 'lines'
            when {{ epoch_to_timestamp('source.created') }} is null then 'created'
        end as unreadable,
        {{ epoch_to_timestamp('source.period_start') }} as period_started_at,
        {{ epoch_to_timestamp('source.period_end') }} as period_ended_at,
        {{ epoch_to_timestamp('source.due_date') }} as due_at,
        {{ epoch_to_timestamp('source.created') }} as created_at,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at
    from source
    where coalesce(source.livemode, true)

)

select * from renamed
