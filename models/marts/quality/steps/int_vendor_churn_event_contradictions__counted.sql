with churn_events as (

    select * from {{ ref('stg_subscription__vendor_churn_events') }}

),

accounts as (

    select distinct account_id
    from {{ ref('stg_master_records__account_versions') }}

),

account_subscriptions as (

    select
        account_id,
        min(started_at) as first_started_at
    from {{ ref('stg_subscription__subscription_versions') }}
    group by account_id

),

numbered as (

    select
        churn_events.account_id,
        churn_events.churned_at,
        row_number() over (
            partition by churn_events.account_id, cast(churn_events.churned_at as date)
            order by churn_events.churn_event_id
        ) as event_number
    from churn_events

),

counted as (

    {% call count_rules({
        'vendor_churn_of_unknown_account': {'fails': 'accounts.account_id is null'},
        'vendor_churn_repeated_on_a_day': {'fails': 'numbered.event_number > 1'},
        'vendor_churn_before_first_subscription': {
            'fails': 'numbered.churned_at < account_subscriptions.first_started_at',
        },
    }) %}
    from numbered
    left join accounts
        on numbered.account_id = accounts.account_id
    left join account_subscriptions
        on numbered.account_id = account_subscriptions.account_id
    {% endcall %}

)

select * from counted
