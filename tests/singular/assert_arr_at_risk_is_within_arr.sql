-- What is at risk is a probability's share of what there is, account by account and in all.
with reported as (

    select * from {{ ref('rpt_at_risk_accounts') }}

),

features as (

    select
        account_id,
        mrr
    from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

)

select
    reported.account_id,
    reported.arr_usd,
    reported.arr_at_risk_usd
from reported
left join features
    on reported.account_id = features.account_id
where
    reported.churn_probability < 0
    or reported.churn_probability > 1
    or reported.arr_at_risk_usd < 0
    or reported.arr_at_risk_usd > reported.arr_usd
    or features.mrr is null
    or abs(reported.arr_usd - 12 * features.mrr) > 0.01
    or reported.first_flagged_date > reported.as_of_date
    or (reported.is_on_worklist and reported.first_flagged_date is null)
