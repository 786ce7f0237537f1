with ranked as (

    select * from {{ ref('int_at_risk_accounts__ranked') }}

),

history as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where is_on_worklist and as_of_date <= {{ as_of_date() }}

),

reasons as (

    select * from {{ ref('int_prediction_reasons__worded') }}
    where reason_number <= 3

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
        ranked.account_id,
        ranked.account_name,
        ranked.as_of_date,
        ranked.risk_rank,
        ranked.churn_probability,
        ranked.risk_tier,
        ranked.is_on_worklist,
        ranked.arr_usd,
        ranked.churn_probability * ranked.arr_usd as arr_at_risk_usd,
        ranked.renewal_date,
        {{ days_between('ranked.as_of_date', 'ranked.renewal_date') }} as days_to_renewal,
        ranked.csm_id,
        first_reasons.reason_1,
        first_reasons.reason_2,
        first_reasons.reason_3,
        first_flags.first_flagged_date,
        ranked.model_version,
        ranked.run_id
    from ranked
    left join first_reasons
        on
            ranked.account_id = first_reasons.account_id
            and ranked.model_version = first_reasons.model_version
    left join first_flags
        on
            ranked.account_id = first_flags.account_id
            and ranked.life_number = first_flags.life_number

)

select {{ contract_columns('reported') }}
from reported
