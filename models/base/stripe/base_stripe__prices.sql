with source as (

    select * from {{ source('stripe', 'prices') }}

),

renamed as (

    select
        source.id as price_id,
        source.product as plan_id,
        source.currency,
        source.unit_amount as unit_amount_minor,
        {{ json_text('source.recurring', ['interval']) }} as billing_interval,
        cast(
            {{ json_text('source.recurring', ['interval_count']) }} as bigint
        ) as billing_interval_count,
        source.active as is_active,
        {{ epoch_to_timestamp('source.created') }} as created_at,
        {{ epoch_to_timestamp('source.updated') }} as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
