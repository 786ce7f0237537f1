with source as (

    select * from {{ source('stripe', 'subscriptions') }}

),

unnested as (

    select
        source.id as subscription_id,
        {{ epoch_to_timestamp('source.updated') }} as changed_at,
        source._extracted_at as known_at,
        {{ unnest_json_array('source.items') }} as item
    from source

),

renamed as (

    select
        unnested.subscription_id,
        {{ json_text('unnested.item', ['id']) }} as item_id,
        {{ json_text('unnested.item', ['price', 'product']) }} as plan_id,
        {{ json_text('unnested.item', ['price', 'id']) }} as price_id,
        {{ json_text('unnested.item', ['price', 'currency']) }} as currency,
        {{ json_text('unnested.item', ['price', 'recurring', 'interval']) }} as billing_interval,
        cast(
            {{ json_text('unnested.item', ['price', 'recurring', 'interval_count']) }} as bigint
        ) as billing_interval_count,
        cast(
            {{ json_text('unnested.item', ['price', 'unit_amount']) }} as bigint
        ) as unit_amount_minor,
        cast({{ json_text('unnested.item', ['quantity']) }} as bigint) as quantity,
        unnested.changed_at,
        unnested.known_at
    from unnested

)

select * from renamed
