with versions as (

    {{ first_readings(
        'salesforce_dlt', 'opportunity', 'id', 'system_modstamp', '_dlt_load_id'
    ) }}

)

select
    versions.id,
    versions.account_id as accountid,
    versions.type,
    versions.stage_name as stagename,
    versions.amount,
    versions.close_date as closedate,
    versions.is_won as iswon,
    versions.is_closed as isclosed,
    versions.created_date as createddate,
    versions.system_modstamp as systemmodstamp,
    versions.is_deleted as isdeleted,
    {{ load_time('versions._dlt_load_id') }} as _extracted_at
from versions
