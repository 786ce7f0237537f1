with accounts as (

    select * from {{ ref('rpt_at_risk_accounts') }}

),

healths as (

    select * from {{ ref('rpt_account_health') }}

),

records as (

    select * from {{ ref('dim_accounts') }}

),

mapped as (

    select * from {{ ref('crm_account_ids') }}

),

deliveries as (

    select * from {{ ref('stg_operations__deliveries') }}

),

-- where nobody was scored nobody has left
nights as (

    select
        max(accounts.run_id) as run_id,
        max(accounts.model_version) as model_version
    from accounts
    having count(*) > 0

),

identified as (

    select
        accounts.account_id,
        coalesce(mapped.crm_account_id, accounts.account_id) as crm_account_id,
        accounts.churn_probability,
        accounts.risk_tier,
        accounts.reason_1,
        coalesce(healths.health_band, 'insufficient data') as health_band,
        accounts.model_version,
        accounts.run_id,
        case
            when accounts.worklist_status = 'no signal' then 'the model has no signal'
            when mapped.crm_account_id is not null then null
            when records.account_id is null then 'not in the CRM'
            when records.is_deleted then 'deleted or merged in the CRM'
        end as held_reason
    from accounts
    left join records
        on accounts.account_id = records.account_id
    left join healths
        on accounts.account_id = healths.account_id
    left join mapped
        on accounts.account_id = mapped.account_id

),

-- an external id is unique whatever its case
claimed as (

    select
        identified.*,
        sum(case when identified.held_reason is null then 1 else 0 end) over (
            partition by lower(identified.crm_account_id)
        ) as claim_count
    from identified

),

present as (

    select
        claimed.account_id,
        claimed.crm_account_id,
        coalesce(
            claimed.held_reason,
            case when claimed.claim_count > 1 then 'two accounts have this CRM id' end
        ) as held_reason,
        cast(round(claimed.churn_probability * 100, 0) as bigint) as churn_risk_pct,
        claimed.risk_tier,
        substring(coalesce(claimed.reason_1, 'no single reason stands out'), 1, 255) as reason,
        claimed.health_band,
        claimed.model_version,
        claimed.run_id
    from claimed

),

-- records that still hold something of an account that is not sent under this id any more
left_behind as (

    select
        deliveries.record_id as crm_account_id,
        max(deliveries.account_id) as account_id
    from deliveries
    left join present
        on lower(deliveries.record_id) = lower(present.crm_account_id)
    where
        not (deliveries.is_blank and deliveries.state = 'sent')
        and present.account_id is null
    group by deliveries.record_id

),

told as (

    select
        present.account_id,
        present.crm_account_id,
        {{ as_of_date() }} as as_of_date,
        case when present.held_reason is null then 'send' else 'hold' end as sync_action,
        present.held_reason,
        case when present.held_reason is null then present.churn_risk_pct end as churn_risk_pct,
        case when present.held_reason is null then present.risk_tier end as risk_tier,
        case when present.held_reason is null then present.reason end as reason,
        case when present.held_reason is null then present.health_band end as health_band,
        present.model_version,
        present.run_id
    from present
    union all
    select
        left_behind.account_id,
        left_behind.crm_account_id,
        {{ as_of_date() }} as as_of_date,
        case when coalesce(records.is_deleted, true) then 'hold' else 'blank' end as sync_action,
        case when coalesce(records.is_deleted, true) then 'deleted or merged in the CRM' end
            as held_reason,
        cast(null as bigint) as churn_risk_pct,
        cast(null as {{ column_type('varchar') }}) as risk_tier,
        cast(null as {{ column_type('varchar') }}) as reason,
        cast(null as {{ column_type('varchar') }}) as health_band,
        nights.model_version,
        nights.run_id
    from left_behind
    cross join nights
    left join records
        on left_behind.account_id = records.account_id

)

select {{ contract_columns('told') }}
from told
