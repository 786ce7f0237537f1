with versions as (

    {{ fivetran_versions('salesforce_fivetran', 'contact', 'system_modstamp') }}

)

select
    versions.id,
    versions.account_id as accountid,
    versions.title,
    versions.is_champion_c as is_champion__c,
    versions.created_date as createddate,
    versions.changed_at as systemmodstamp,
    versions.is_deleted or versions.is_removed as isdeleted,
    versions.known_at as _extracted_at
from versions
