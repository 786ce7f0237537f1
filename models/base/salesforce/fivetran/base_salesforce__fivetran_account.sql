with versions as (

    {{ fivetran_versions('salesforce_fivetran', 'account', 'system_modstamp') }}

)

select
    versions.id,
    versions.name,
    versions.owner_id as ownerid,
    versions.industry,
    versions.billing_country as billingcountry,
    versions.type,
    versions.health_score_c as health_score__c,
    versions.arr_c as arr__c,
    versions.contract_end_date_c as contract_end_date__c,
    versions.created_date as createddate,
    versions.changed_at as systemmodstamp,
    versions.is_deleted or versions.is_removed as isdeleted,
    versions.known_at as _extracted_at
from versions
