with source as (

    {{ landed('product', 'products') }}

),

renamed as (

    select distinct
        source.id as product_id,
        source.name as product_name,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
