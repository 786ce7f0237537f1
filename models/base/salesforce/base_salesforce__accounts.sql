with source as (

    {{ landed('salesforce', 'account') }}

),

renamed as (

    select distinct
        {{ salesforce_id_18('source.id') }} as account_id,
        source.name as account_name,
        {{ salesforce_id_18('source.ownerid') }} as crm_owner_id,
        source.industry,
        source.billingcountry as country,
        source.type as account_type,
        source.health_score__c as crm_health_score,
        source.arr__c as crm_arr_usd,
        source.contract_end_date__c as contract_end_date,
        source.isdeleted as is_deleted,
        source.createddate as created_at,
        source.systemmodstamp as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
