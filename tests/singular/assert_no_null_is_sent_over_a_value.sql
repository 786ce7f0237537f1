-- What is sent has all its values, and nothing else has any; what is held says why.
with told as (

    select * from {{ ref('sync_salesforce__accounts') }}

),

counted as (

    select
        told.account_id,
        told.crm_account_id,
        told.sync_action,
        told.held_reason,
        case when told.churn_risk_pct is null then 0 else 1 end
        + case when told.risk_tier is null then 0 else 1 end
        + case when told.reason is null then 0 else 1 end
        + case when told.health_band is null then 0 else 1 end as value_count
    from told

)

select
    counted.account_id,
    counted.crm_account_id
from counted
where
    counted.value_count <> case when counted.sync_action = 'send' then 4 else 0 end
    or (counted.sync_action = 'hold' and counted.held_reason is null)
