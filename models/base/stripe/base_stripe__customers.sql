with source as (

    {{ landed('stripe', 'customers') }}

),

live as (

    select
        source.*,
        {{ readable_json('source.discount') }} as own_discount,
        {{ readable_json('source.metadata') }} as labels
    from source
    where coalesce(source.livemode, true)

),

renamed as (

    select
        live.id as customer_id,
        {{ json_text('live.labels', ['account_id']) }} as account_id,
        {{ stripe_discount(
            'live.own_discount', 'cast(null as ' ~ column_type('varchar') ~ ')'
        ) }},
        live._is_deleted as is_deleted,
        {{ epoch_to_timestamp('live.created') }} as created_at,
        coalesce({{ epoch_to_timestamp('live.updated') }}, live._extracted_at) as changed_at,
        live._extracted_at as known_at
    from live

)

select * from renamed
