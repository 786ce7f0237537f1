with source as (

    {{ landed('salesforce', 'contact') }}

),

renamed as (

    select distinct
        {{ salesforce_id_18('source.id') }} as contact_id,
        {{ salesforce_id_18('source.accountid') }} as account_id,
        source.title,
        source.is_champion__c as is_champion,
        source.isdeleted as is_deleted,
        source.createddate as created_at,
        source.systemmodstamp as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
