with versions as (

    {{ first_readings(
        'salesforce_airbyte', 'contact', 'id', 'systemmodstamp', '_airbyte_extracted_at'
    ) }}

)

select
    versions.id,
    versions.accountid,
    versions.title,
    versions.is_champion__c,
    versions.createddate,
    versions.systemmodstamp,
    versions.isdeleted,
    versions._airbyte_extracted_at as _extracted_at
from versions
