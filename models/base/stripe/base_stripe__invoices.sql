with source as (

    select * from {{ source('stripe', 'invoices') }}

),

renamed as (

    select
        source.id as invoice_id,
        {{ json_text(readable_json('source.metadata'), ['account_id']) }} as account_id,
        source.subscription as subscription_id,
        lower(source.status) as status,
        source.currency,
        source.amount_due as amount_due_minor,
        source.amount_paid as amount_paid_minor,
        source.attempt_count,
        coalesce(source.pre_payment_credit_notes_amount, 0)
        + coalesce(source.post_payment_credit_notes_amount, 0) as credited_minor,
        coalesce({{ json_text('source.lines', ['has_more']) }} = 'true', false)
            as is_line_list_cut,
        {{ epoch_to_timestamp('source.period_start') }} as period_started_at,
        {{ epoch_to_timestamp('source.period_end') }} as period_ended_at,
        {{ epoch_to_timestamp('source.due_date') }} as due_at,
        {{ epoch_to_timestamp('source.created') }} as created_at,
        {{ epoch_to_timestamp('source.updated') }} as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
