with versions as (

    {{ first_readings(
        'salesforce_airbyte', 'opportunity', 'id', 'systemmodstamp', '_airbyte_extracted_at'
    ) }}

)

select
    versions.id,
    versions.accountid,
    versions.type,
    versions.stagename,
    versions.amount,
    versions.closedate,
    versions.iswon,
    versions.isclosed,
    versions.createddate,
    versions.systemmodstamp,
    versions.isdeleted,
    versions._airbyte_extracted_at as _extracted_at
from versions
