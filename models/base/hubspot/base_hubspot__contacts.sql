with source as (

    {{ landed('hubspot', 'contacts') }}

),

read as (

    select
        source.*,
        {{ readable_json('source.properties') }} as readable_properties
    from source

),

renamed as (

    select distinct
        source.id as contact_id,
        {{ json_text('source.readable_properties', ['associatedcompanyid']) }} as account_id,
        {{ json_text('source.readable_properties', ['jobtitle']) }} as title,
        coalesce(
            {{ matches(
                json_text('source.readable_properties', ['hs_buying_role']), 'CHAMPION'
            ) }}, false
        ) as is_champion,
        coalesce(source.archived, false) as is_deleted,
        source.createdat as created_at,
        greatest(source.updatedat, coalesce(source.archivedat, source.updatedat)) as changed_at,
        source._extracted_at as known_at
    from read as source

)

select * from renamed
