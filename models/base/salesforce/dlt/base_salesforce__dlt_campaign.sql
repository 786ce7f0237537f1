with versions as (

    {{ first_readings(
        'salesforce_dlt', 'campaign', 'id', 'system_modstamp', '_dlt_load_id'
    ) }}

)

select
    versions.id,
    versions.name,
    versions.type,
    versions.status,
    versions.start_date as startdate,
    versions.end_date as enddate,
    versions.created_date as createddate,
    versions.system_modstamp as systemmodstamp,
    versions.is_deleted as isdeleted,
    {{ load_time('versions._dlt_load_id') }} as _extracted_at
from versions
