with versions as (

    {{ first_readings(
        'salesforce_dlt', 'note', 'id', 'system_modstamp', '_dlt_load_id'
    ) }}

)

select
    versions.id,
    versions.parent_id as parentid,
    versions.owner_id as ownerid,
    versions.created_date as createddate,
    versions.system_modstamp as systemmodstamp,
    versions.is_deleted as isdeleted,
    {{ load_time('versions._dlt_load_id') }} as _extracted_at
from versions
