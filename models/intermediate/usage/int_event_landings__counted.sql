{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_known_since('known_date') }}"
    )
}}

with event_days as (

    select
        event_days.known_date,
        event_days.workspace_id,
        sum(event_days.event_count) as event_count,
        sum(
            case
                when event_days.known_date > {{ add_days('event_days.event_date', 7) }}
                    then event_days.event_count
                else 0
            end
        ) as late_event_count,
        max(event_days.last_known_at) as last_known_at
    from {{ ref('int_user_event_days__counted') }} as event_days
    where event_days.known_date >= {{ changed_since() }}
    group by event_days.known_date, event_days.workspace_id

),

workspaces as (

    select * from {{ ref('int_workspaces__owned') }}

),

accounts as (

    select
        account_versions.account_id,
        min(cast(account_versions.known_at as date)) as known_date
    from {{ ref('stg_master_records__account_versions') }} as account_versions
    group by account_versions.account_id

),

counted as (

    select
        event_days.known_date,
        sum(event_days.event_count) as event_count,
        sum(event_days.late_event_count) as late_event_count,
        sum(
            case
                when
                    workspaces.known_date <= event_days.known_date
                    and accounts.known_date <= event_days.known_date
                    then event_days.event_count
                else 0
            end
        ) as joined_event_count,
        max(event_days.last_known_at) as last_known_at
    from event_days
    left join workspaces
        on event_days.workspace_id = workspaces.workspace_id
    left join accounts
        on workspaces.account_id = accounts.account_id
    group by event_days.known_date

)

select * from counted
