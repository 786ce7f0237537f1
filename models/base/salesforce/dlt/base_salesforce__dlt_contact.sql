with versions as (

    {{ first_readings(
        'salesforce_dlt', 'contact', 'id', 'system_modstamp', '_dlt_load_id'
    ) }}

)

select
    versions.id,
    versions.account_id as accountid,
    versions.title,
    versions.is_champion__c,
    versions.created_date as createddate,
    versions.system_modstamp as systemmodstamp,
    versions.is_deleted as isdeleted,
    {{ load_time('versions._dlt_load_id') }} as _extracted_at
from versions
