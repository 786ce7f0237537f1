with versions as (

    {{ fivetran_versions('salesforce_fivetran', 'campaign', 'system_modstamp') }}

)

select
    versions.id,
    versions.name,
    versions.type,
    versions.status,
    versions.start_date as startdate,
    versions.end_date as enddate,
    versions.created_date as createddate,
    versions.changed_at as systemmodstamp,
    versions.is_deleted or versions.is_removed as isdeleted,
    versions.known_at as _extracted_at
from versions
