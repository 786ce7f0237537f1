with source as (

    {{ landed('product', 'plans') }}

),

renamed as (

    select distinct
        source.id as plan_id,
        source.product_id,
        source.name as plan_name,
        {{ readable_json('source.entitlements') }} as entitlements_json,
        cast(
            {{ json_text(readable_json('source.entitlements'), ['seats_included']) }} as bigint
        ) as seats_included,
        source.quantity_unit,
        coalesce(source.is_add_on, false) as is_add_on,
        source.list_price_usd,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
