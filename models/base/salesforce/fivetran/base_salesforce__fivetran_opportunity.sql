with versions as (

    {{ fivetran_versions('salesforce_fivetran', 'opportunity', 'system_modstamp') }}

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
    versions.changed_at as systemmodstamp,
    versions.is_deleted or versions.is_removed as isdeleted,
    versions.known_at as _extracted_at
from versions
