with events as (

    select * from {{ ref('stg_usage__events') }}
    where landed_date >= {{ add_days(as_of_date(), -var('quality_window_days')) }}

),

users as (

    select distinct user_id
    from {{ ref('stg_master_records__user_versions') }}

),

workspaces as (

    select
        workspace_id,
        max(account_id) as account_id,
        min(created_at) as created_at
    from {{ ref('stg_master_records__workspace_versions') }}
    group by workspace_id

),

subscriptions as (

    select
        subscription_id,
        max(account_id) as account_id,
        max(ended_at) as ended_at
    from {{ ref('stg_subscription__subscription_versions') }}
    group by subscription_id

),

accounts as (

    select
        subscriptions.account_id,
        case
            when count(*) = count(subscriptions.ended_at) then max(subscriptions.ended_at)
        end as ended_at
    from subscriptions
    group by subscriptions.account_id

),

-- use ends with its subscription where it is recorded by subscription, else with the last one
places as (

    select
        workspaces.workspace_id,
        workspaces.created_at,
        coalesce(subscriptions.subscription_id, accounts.account_id) as subscriber_id,
        case
            when subscriptions.subscription_id is null then accounts.ended_at
            else subscriptions.ended_at
        end as ended_at
    from workspaces
    left join subscriptions
        on workspaces.workspace_id = subscriptions.subscription_id
    left join accounts
        on workspaces.account_id = accounts.account_id

),

event_types as (

    select * from {{ ref('event_types') }}

),

counted as (

    select
        count(*) as events,
        count(events.user_id) as with_user,
        count(case when users.user_id is null then events.user_id end) as unknown_user,
        count(events.workspace_id) as with_workspace,
        count(case when places.workspace_id is null then events.workspace_id end)
            as unknown_workspace,
        count(places.workspace_id) as known_workspace,
        count(case when events.occurred_at < places.created_at then 1 end) as before_workspace,
        count(places.subscriber_id) as with_subscription,
        count(case when events.occurred_at >= places.ended_at then 1 end) as after_subscription,
        count(case when event_types.event_type is null then 1 end) as unmapped_type,
        count(case when events.known_at < events.occurred_at then 1 end) as known_too_early
    from events
    left join users
        on events.user_id = users.user_id
    left join places
        on events.workspace_id = places.workspace_id
    left join event_types
        on events.event_type = event_types.event_type

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_usage_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'event_of_unknown_user' then counted.with_user
            when 'event_of_unknown_workspace' then counted.with_workspace
            when 'event_before_workspace_began' then counted.known_workspace
            when 'event_after_subscription_ended' then counted.with_subscription
            when 'event_of_unmapped_type' then counted.events
            when 'event_known_before_it_happened' then counted.events
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'event_of_unknown_user' then counted.unknown_user
            when 'event_of_unknown_workspace' then counted.unknown_workspace
            when 'event_before_workspace_began' then counted.before_workspace
            when 'event_after_subscription_ended' then counted.after_subscription
            when 'event_of_unmapped_type' then counted.unmapped_type
            when 'event_known_before_it_happened' then counted.known_too_early
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
