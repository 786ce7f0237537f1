with versions as (

    {{ first_readings(
        'salesforce_airbyte', 'campaign', 'id', 'systemmodstamp', '_airbyte_extracted_at'
    ) }}

)

select
    versions.id,
    versions.name,
    versions.type,
    versions.status,
    versions.startdate,
    versions.enddate,
    versions.createddate,
    versions.systemmodstamp,
    versions.isdeleted,
    versions._airbyte_extracted_at as _extracted_at
from versions
