with source as (

    {{ landed('hubspot', 'companies') }}

),

read as (

    select
        source.*,
        {{ readable_json('source.properties') }} as readable_properties
    from source

),

renamed as (

    select distinct
        source.id as account_id,
        {{ json_text('source.readable_properties', ['name']) }} as account_name,
        {{ json_text('source.readable_properties', ['hubspot_owner_id']) }} as crm_owner_id,
        {{ json_text('source.readable_properties', ['industry']) }} as industry,
        {{ json_text('source.readable_properties', ['country']) }} as country,
        {{ json_text('source.readable_properties', ['lifecyclestage']) }} as account_type,
        cast(null as {{ column_type('double') }}) as crm_health_score,
        cast(null as {{ column_type('double') }}) as crm_arr_usd,
        cast(null as date) as contract_end_date,
        coalesce(source.archived, false) as is_deleted,
        source.createdat as created_at,
        greatest(source.updatedat, coalesce(source.archivedat, source.updatedat)) as changed_at,
        source._extracted_at as known_at
    from read as source

)

select * from renamed
