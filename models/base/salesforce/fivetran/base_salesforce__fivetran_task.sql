with versions as (

    {{ fivetran_versions('salesforce_fivetran', 'task', 'system_modstamp') }}

)

select
    versions.id,
    versions.account_id as accountid,
    versions.owner_id as ownerid,
    versions.type,
    versions.status,
    versions.activity_date as activitydate,
    versions.created_date as createddate,
    versions.changed_at as systemmodstamp,
    versions.is_deleted or versions.is_removed as isdeleted,
    versions.known_at as _extracted_at
from versions
