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

    {% call count_rules({
        'event_of_unknown_user': {
            'checked': 'events.user_id is not null',
            'fails': 'users.user_id is null',
        },
        'event_of_unknown_workspace': {
            'checked': 'events.workspace_id is not null',
            'fails': 'places.workspace_id is null',
        },
        'event_before_workspace_began': {
            'checked': 'places.workspace_id is not null',
            'fails': 'events.occurred_at < places.created_at',
        },
        'event_after_subscription_ended': {
            'checked': 'places.subscriber_id is not null',
            'fails': 'events.occurred_at >= places.ended_at',
        },
        'event_of_unmapped_type': {'fails': 'event_types.event_type is null'},
        'event_known_before_it_happened': {'fails': 'events.known_at < events.occurred_at'},
    }) %}
    from events
    left join users
        on events.user_id = users.user_id
    left join places
        on events.workspace_id = places.workspace_id
    left join event_types
        on events.event_type = event_types.event_type
    {% endcall %}

)

select * from counted
