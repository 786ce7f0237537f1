with worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where as_of_date <= {{ as_of_date() }}

),

nights as (

    select min(worklists.as_of_date) as first_date from worklists

),

-- what the list said of the account on the last night that was early enough
numbered as (

    select
        worklists.is_on_worklist,
        row_number() over (
            partition by churns.account_id, churns.churn_date
            order by worklists.as_of_date desc
        ) as recency_rank
    from {{ ref('fct_account_churns') }} as churns
    inner join nights
        on churns.churn_date >= {{ add_days('nights.first_date', 30) }}
    left join worklists
        on
            churns.account_id = worklists.account_id
            and worklists.as_of_date <= {{ add_days('churns.churn_date', -30) }}
    where churns.established_date <= {{ as_of_date() }}

),

counted as (

    select
        'early_warning' as rate_name,
        sum(case when numbered.is_on_worklist then 1 else 0 end) as hits,
        count(*) as trials
    from numbered
    where numbered.recency_rank = 1

)

select * from counted
