-- Baseline plus the sums of all groups is the calibrated log-odds of every explained account, so
-- the published probability; no contribution is lost on the way. All accounts are explained; of a
-- very large night, as many as it must.
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

),

compared as (

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

),

counted as (

    select
        count(*) as scored,
        count(compared.contribution) as explained
    from compared

)

select
    compared.account_id,
    'reasons do not add up' as what_is_wrong
from compared
where
    abs(
        compared.baseline_log_odds + cast(compared.contribution as {{ column_type('double') }})
        - compared.log_odds
    ) > 0.000001
union all
select
    'all' as account_id,
    'number of explained accounts' as what_is_wrong
from counted
where counted.explained <> case
    when counted.scored <= {{ var('all_reasons_up_to') }} then counted.scored
    else {{ var('most_reasons') }}
end
