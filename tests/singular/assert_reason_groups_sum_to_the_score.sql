-- Baseline plus the sums of all groups is the calibrated log-odds of every explained account, so
-- the published probability; no contribution is lost on the way. All accounts are explained; of a
-- very large night, as many as it must. The change since the score that was published some days
-- before is that of the groups and of the model.
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

published as (

    select
        tonight.account_id,
        tonight.log_odds - before.log_odds as published_change,
        reported.log_odds_change + reported.log_odds_change_of_model as told_change
    from predictions as tonight
    inner join {{ ref('rpt_at_risk_accounts') }} as reported
        on
            tonight.account_id = reported.account_id
            and tonight.run_id = reported.run_id
    inner join {{ ref('stg_ml__predictions') }} as before
        on
            tonight.account_id = before.account_id
            and before.target = 'churn'
            and before.as_of_date = {{ add_days(as_of_date(), -var('why_now_days')) }}
    where reported.log_odds_change is not null

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
    published.account_id,
    'parts of the change do not add up' as what_is_wrong
from published
where not coalesce(abs(published.told_change - published.published_change) <= 0.000001, false)
union all
select
    'all' as account_id,
    'number of explained accounts' as what_is_wrong
from counted
where counted.explained <> case
    when counted.scored <= {{ var('all_reasons_up_to') }} then counted.scored
    else {{ var('most_reasons') }}
end
