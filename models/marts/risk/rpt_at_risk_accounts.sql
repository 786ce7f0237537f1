with listed as (

    select * from {{ ref('int_at_risk_accounts__listed') }}

),

history as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where is_on_worklist and as_of_date <= {{ as_of_date() }}

),

reasons as (

    select * from {{ ref('rpt_risk_reasons') }}
    where reason_number <= 3

),

relationships as (

    select * from {{ ref('dim_account_relationships') }}

),

changes as (

    select * from {{ ref('int_risk_changes__told') }}

),

next_steps as (

    select * from {{ ref('int_next_steps__worded') }}

),

first_flags as (

    select
        history.account_id,
        history.life_number,
        min(history.as_of_date) as first_flagged_date
    from history
    group by history.account_id, history.life_number

),

first_reasons as (

    select
        reasons.account_id,
        reasons.model_version,
        max(case when reasons.reason_number = 1 then reasons.reason end) as reason_1,
        max(case when reasons.reason_number = 2 then reasons.reason end) as reason_2,
        max(case when reasons.reason_number = 3 then reasons.reason end) as reason_3
    from reasons
    group by reasons.account_id, reasons.model_version

),

reported as (

    select
        listed.account_id,
        listed.account_name,
        listed.as_of_date,
        listed.risk_rank,
        listed.churn_probability,
        listed.risk_tier,
        listed.is_on_worklist,
        listed.list_rank,
        listed.worklist_status,
        listed.is_above_fixed_threshold,
        listed.arr_usd,
        listed.churn_probability * listed.arr_usd as arr_at_risk_usd,
        listed.expected_saved_usd,
        listed.renewal_date,
        {{ days_between('listed.as_of_date', 'listed.renewal_date') }} as days_to_renewal,
        listed.csm_id,
        first_reasons.reason_1,
        first_reasons.reason_2,
        first_reasons.reason_3,
        listed.playbook,
        next_steps.next_step,
        changes.why_now,
        changes.log_odds_change,
        changes.model_change as log_odds_change_of_model,
        greatest(relationships.last_meeting_date, relationships.last_intervention_date)
            as last_contact_date,
        first_flags.first_flagged_date,
        listed.model_version,
        listed.run_id
    from listed
    left join first_reasons
        on
            listed.account_id = first_reasons.account_id
            and listed.model_version = first_reasons.model_version
    left join changes
        on
            listed.account_id = changes.account_id
            and listed.model_version = changes.model_version
    left join next_steps
        on
            listed.account_id = next_steps.account_id
            and listed.model_version = next_steps.model_version
    left join relationships
        on listed.account_id = relationships.account_id
    left join first_flags
        on
            listed.account_id = first_flags.account_id
            and listed.life_number = first_flags.life_number

)

select {{ contract_columns('reported') }}
from reported
