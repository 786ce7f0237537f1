with versions as (

    {{ first_readings(
        'salesforce_airbyte', 'task', 'id', 'systemmodstamp', '_airbyte_extracted_at'
    ) }}

)

select
    versions.id,
    versions.accountid,
    versions.ownerid,
    versions.type,
    versions.status,
    versions.activitydate,
    versions.createddate,
    versions.systemmodstamp,
    versions.isdeleted,
    versions._airbyte_extracted_at as _extracted_at
from versions
