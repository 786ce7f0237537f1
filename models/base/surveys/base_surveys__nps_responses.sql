with source as (

    {{ landed('surveys', 'nps_responses') }}

),

renamed as (

    select distinct
        source.id as response_id,
        {{ json_text(readable_json('source.properties'), ['account_id']) }} as account_id,
        {{ json_text(readable_json('source.properties'), ['contact_id']) }} as contact_id,
        cast(source.score as bigint) as score,
        source.created_at as responded_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
