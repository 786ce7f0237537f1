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

    select
        count(*) as churn_events,
        count(case when accounts.account_id is null then 1 end) as orphaned,
        count(case when numbered.event_number > 1 then 1 end) as repeated,
        count(case when numbered.churned_at < account_subscriptions.first_started_at then 1 end)
            as before_subscription
    from numbered
    left join accounts
        on numbered.account_id = accounts.account_id
    left join account_subscriptions
        on numbered.account_id = account_subscriptions.account_id

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_vendor_churn_event_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'vendor_churn_of_unknown_account' then counted.churn_events
            when 'vendor_churn_repeated_on_a_day' then counted.churn_events
            when 'vendor_churn_before_first_subscription' then counted.churn_events
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'vendor_churn_of_unknown_account' then counted.orphaned
            when 'vendor_churn_repeated_on_a_day' then counted.repeated
            when 'vendor_churn_before_first_subscription' then counted.before_subscription
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
