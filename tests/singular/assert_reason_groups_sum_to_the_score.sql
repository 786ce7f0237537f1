-- Baseline plus the sums of all groups is the calibrated log-odds of every account, and so the
-- published probability; no account and no contribution is lost on the way.
with group_sums as (

    select
        reasons.account_id,
        reasons.run_id,
        sum(reasons.contribution) as contribution
    from {{ ref('rpt_risk_reasons') }} as reasons
    group by reasons.account_id, reasons.run_id

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where as_of_date = {{ as_of_date() }} and target = 'churn'

)

select
    predictions.account_id,
    predictions.log_odds,
    predictions.baseline_log_odds,
    group_sums.contribution
from predictions
left join group_sums
    on
        predictions.account_id = group_sums.account_id
        and predictions.run_id = group_sums.run_id
where
    group_sums.account_id is null
    or abs(
        predictions.baseline_log_odds + cast(group_sums.contribution as {{ column_type('double') }})
        - predictions.log_odds
    ) > 0.000001
