with source as (

    {{ landed('stripe', 'payment_failures') }}

),

renamed as (

    select distinct
        source.id as payment_failure_id,
        source.invoice as invoice_id,
        {{ json_text(readable_json('source.metadata'), ['account_id']) }} as account_id,
        source.amount as amount_minor,
        source.currency,
        source.failure_code,
        {{ epoch_to_timestamp('source.created') }} as failed_at,
        source._extracted_at as known_at
    from source
    where coalesce(source.livemode, true)

)

select * from renamed
