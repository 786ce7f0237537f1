with versions as (

    {{ first_readings(
        'salesforce_airbyte', 'account', 'id', 'systemmodstamp', '_airbyte_extracted_at'
    ) }}

)

select
    versions.id,
    versions.name,
    versions.ownerid,
    versions.industry,
    versions.billingcountry,
    versions.type,
    versions.health_score__c,
    versions.arr__c,
    versions.contract_end_date__c,
    versions.createddate,
    versions.systemmodstamp,
    versions.isdeleted,
    versions._airbyte_extracted_at as _extracted_at
from versions
