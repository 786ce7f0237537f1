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

-- subscriptions without an account have a rule of their own
counted as (

    {% call count_rules({
        'paying_account_without_segment': {'fails': "account_months.segment = 'unassigned'"},
        'paying_account_deleted_in_crm': {'fails': 'records.is_deleted'},
    }) %}
    from account_months
    left join records
        on account_months.account_id = records.account_id and records.recency = 1
    where
        account_months.is_paying
        and account_months.account_id <> 'unassigned'
        and account_months.month_start_date
        = (select max(months.month_start_date) from account_months as months)
    {% endcall %}

)

select * from counted
