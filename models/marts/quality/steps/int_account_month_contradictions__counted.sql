with account_months as (

    select * from {{ ref('dim_account_months') }}

),

records as (

    select
        account_versions.account_id,
        account_versions.is_deleted,
        row_number() over (
            partition by account_versions.account_id
            order by account_versions.changed_at desc, account_versions.known_at desc
        ) as recency
    from {{ ref('stg_master_records__account_versions') }} as account_versions

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_account_month_contradictions__counted'

),

-- subscriptions without an account have a rule of their own
counted as (

    select
        count(*) as paying_accounts,
        count(case when account_months.segment = 'unassigned' then 1 end) as unsegmented,
        count(case when records.is_deleted then 1 end) as deleted
    from account_months
    left join records
        on account_months.account_id = records.account_id and records.recency = 1
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
        cast(case rules.rule_name
            when 'paying_account_without_segment' then counted.unsegmented
            when 'paying_account_deleted_in_crm' then counted.deleted
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
