with versions as (

    {{ first_readings(
        'salesforce_dlt', 'account', 'id', 'system_modstamp', '_dlt_load_id'
    ) }}

)

select
    versions.id,
    versions.name,
    versions.owner_id as ownerid,
    versions.industry,
    versions.billing_country as billingcountry,
    versions.type,
    versions.health_score__c,
    versions.arr__c,
    versions.contract_end_date__c,
    versions.created_date as createddate,
    versions.system_modstamp as systemmodstamp,
    versions.is_deleted as isdeleted,
    {{ load_time('versions._dlt_load_id') }} as _extracted_at
from versions
