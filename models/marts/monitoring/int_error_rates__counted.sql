-- how often the nights so far were right about churn, on what has matured
with worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where as_of_date <= {{ as_of_date() }}

),

outcomes as (

    select * from {{ ref('int_prediction_outcomes__labelled') }}
    where target = 'churn'

),

churns as (

    select * from {{ ref('fct_account_churns') }}
    where established_date <= {{ as_of_date() }}

),

newest_cohort as (

    select max(outcomes.as_of_date) as as_of_date
    from outcomes

),

-- the newest week alone: the weeks before hold the same accounts
flagged as (

    select
        outcomes.is_positive,
        outcomes.probability,
        case when worklists.is_on_worklist then 1 else 0 end as is_flagged
    from outcomes
    inner join newest_cohort
        on outcomes.as_of_date = newest_cohort.as_of_date
    inner join worklists
        on
            outcomes.account_id = worklists.account_id
            and outcomes.as_of_date = worklists.as_of_date

),

first_night as (

    select min(worklists.as_of_date) as first_date
    from worklists

),

-- what the list said of the account on the last night that was early enough
numbered as (

    select
        churns.account_id,
        churns.churn_date,
        worklists.is_on_worklist,
        row_number() over (
            partition by churns.account_id, churns.churn_date
            order by worklists.as_of_date desc
        ) as recency_rank
    from churns
    inner join first_night
        on churns.churn_date >= {{ add_days('first_night.first_date', 30) }}
    left join worklists
        on
            churns.account_id = worklists.account_id
            and worklists.as_of_date <= {{ add_days('churns.churn_date', -30) }}

),

measured as (

    select
        'early_warning' as rate_name,
        sum(case when numbered.is_on_worklist then 1 else 0 end) as hits,
        count(*) as trials
    from numbered
    where numbered.recency_rank = 1
    union all
    select
        'false_positive_rate' as rate_name,
        sum(case when flagged.is_positive = 0 then flagged.is_flagged else 0 end) as hits,
        sum(1 - flagged.is_positive) as trials
    from flagged
    union all
    select
        'recall_of_worklist' as rate_name,
        sum(flagged.is_positive * flagged.is_flagged) as hits,
        sum(flagged.is_positive) as trials
    from flagged

)

select * from measured
