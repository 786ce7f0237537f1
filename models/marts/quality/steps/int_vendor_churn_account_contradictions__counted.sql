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
        churned_accounts.account_id is not null as has_churned,
        coalesce(accounts.account_type = 'churned', false) as is_marked,
        open_accounts.account_id is not null as is_open,
        -- a vendor that records no churn events cannot contradict the mark
        count(churned_accounts.account_id) over () > 0 as has_churns_recorded
    from accounts
    left join churned_accounts
        on accounts.account_id = churned_accounts.account_id
    left join open_accounts
        on accounts.account_id = open_accounts.account_id
    where accounts.recency = 1

),

counted as (

    {% call count_rules({
        'subscription_open_after_vendor_churn': {
            'checked': 'compared.has_churned',
            'fails': 'compared.is_open',
        },
        'account_not_marked_after_vendor_churn': {
            'checked': 'compared.has_churned',
            'fails': 'not compared.is_marked',
        },
        'account_marked_churned_without_event': {
            'checked': 'compared.is_marked and compared.has_churns_recorded',
            'fails': 'not compared.has_churned',
        },
    }) %}
    from compared
    {% endcall %}

)

select * from counted
