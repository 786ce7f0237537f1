with flagged as (

    select
        outcomes.is_positive,
        case when worklists.is_on_worklist then 1 else 0 end as is_flagged,
        -- the newest week alone: the weeks before hold the same accounts
        rank() over (order by outcomes.as_of_date desc) as recency_rank
    from {{ ref('fct_prediction_outcomes') }} as outcomes
    inner join {{ ref('rpt_at_risk_accounts_history') }} as worklists
        on
            outcomes.account_id = worklists.account_id
            and outcomes.as_of_date = worklists.as_of_date
    where outcomes.target = 'churn'

),

counted as (

    select
        'false_positive_rate' as rate_name,
        sum((1 - flagged.is_positive) * flagged.is_flagged) as hits,
        sum(1 - flagged.is_positive) as trials
    from flagged
    where flagged.recency_rank = 1
    union all
    select
        'recall_of_worklist' as rate_name,
        sum(flagged.is_positive * flagged.is_flagged) as hits,
        sum(flagged.is_positive) as trials
    from flagged
    where flagged.recency_rank = 1

)

select * from counted
