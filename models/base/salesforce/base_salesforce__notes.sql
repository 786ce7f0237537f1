with source as (

    {{ landed('salesforce', 'note') }}

),

renamed as (

    select distinct
        {{ salesforce_id_18('source.id') }} as note_id,
        {{ salesforce_id_18('source.parentid') }} as account_id,
        {{ salesforce_id_18('source.ownerid') }} as owner_id,
        source.isdeleted as is_deleted,
        source.createddate as created_at,
        source.systemmodstamp as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
