with account_versions as (

    select * from {{ ref('stg_master_records__account_versions') }}

),

subscription_versions as (

    select * from {{ ref('stg_subscription__subscription_versions') }}

),

churned_accounts as (

    select distinct account_id
    from {{ ref('stg_subscription__vendor_churn_events') }}

),

accounts as (

    select
        account_versions.account_id,
        account_versions.account_type,
        row_number() over (
            partition by account_versions.account_id
            order by account_versions.changed_at desc, account_versions.known_at desc
        ) as recency
    from account_versions

),

subscriptions as (

    select
        subscription_versions.account_id,
        subscription_versions.ended_at,
        row_number() over (
            partition by subscription_versions.subscription_id
            order by subscription_versions.changed_at desc, subscription_versions.known_at desc
        ) as recency
    from subscription_versions

),

open_accounts as (

    select distinct subscriptions.account_id
    from subscriptions
    where subscriptions.recency = 1 and subscriptions.ended_at is null

),

compared as (

    select
        case when churned_accounts.account_id is null then 0 else 1 end as has_churned,
        case when accounts.account_type = 'churned' then 1 else 0 end as is_marked,
        case when open_accounts.account_id is null then 0 else 1 end as is_open
    from accounts
    left join churned_accounts
        on accounts.account_id = churned_accounts.account_id
    left join open_accounts
        on accounts.account_id = open_accounts.account_id
    where accounts.recency = 1

),

summed as (

    select
        coalesce(sum(compared.has_churned), 0) as churned,
        coalesce(sum(compared.is_marked), 0) as marked,
        coalesce(sum(compared.has_churned * compared.is_open), 0) as churned_open,
        coalesce(sum(compared.has_churned * compared.is_marked), 0) as churned_marked
    from compared

),

counted as (

    select
        summed.churned,
        summed.churned_open,
        summed.churned - summed.churned_marked as churned_unmarked,
        -- a vendor that records no churn events cannot contradict the mark
        case when summed.churned = 0 then 0 else summed.marked end as marked,
        case when summed.churned = 0 then 0 else summed.marked - summed.churned_marked end
            as marked_without_event
    from summed

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_vendor_churn_account_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'subscription_open_after_vendor_churn' then counted.churned
            when 'account_not_marked_after_vendor_churn' then counted.churned
            when 'account_marked_churned_without_event' then counted.marked
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'subscription_open_after_vendor_churn' then counted.churned_open
            when 'account_not_marked_after_vendor_churn' then counted.churned_unmarked
            when 'account_marked_churned_without_event' then counted.marked_without_event
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
