with account_months as (

    select * from {{ ref('dim_account_months') }}

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_account_month_contradictions__counted'

),

-- subscriptions without an account have a rule of their own
counted as (

    select
        count(*) as paying_accounts,
        count(case when account_months.segment = 'unassigned' then 1 end) as unsegmented
    from account_months
    where
        account_months.is_paying
        and account_months.account_id <> 'unassigned'
        and account_months.month_start_date
        = (select max(months.month_start_date) from account_months as months)

),

reported as (

    select
        rules.rule_name,
        cast(counted.paying_accounts as bigint) as rows_checked,
        cast(counted.unsegmented as bigint) as rows_failing
    from rules
    cross join counted
    where rules.rule_name = 'paying_account_without_segment'

)

select * from reported
