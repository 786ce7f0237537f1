with versions as (

    {{ fivetran_versions('salesforce_fivetran', 'note', 'system_modstamp') }}

)

select
    versions.id,
    versions.parent_id as parentid,
    versions.owner_id as ownerid,
    versions.created_date as createddate,
    versions.changed_at as systemmodstamp,
    versions.is_deleted or versions.is_removed as isdeleted,
    versions.known_at as _extracted_at
from versions
