{{ config(materialized='view') }}

with event_days as (

    select * from {{ ref('int_user_event_days__counted') }}

),

users as (

    select * from {{ ref('int_users__classified') }}

),

workspaces as (

    select * from {{ ref('int_workspaces__owned') }}

),

attributed as (

    select
        workspaces.account_id,
        event_days.user_id,
        event_days.feature_category,
        event_days.is_core_action,
        event_days.is_comment,
        event_days.is_invite,
        event_days.event_date,
        -- an event counts once its user and its workspace are known, too
        greatest(event_days.known_date, users.known_date, workspaces.known_date) as known_date,
        event_days.event_count
    from event_days
    inner join users
        on event_days.user_id = users.user_id
    inner join workspaces
        on event_days.workspace_id = workspaces.workspace_id
    where not users.is_internal_or_bot

)

select * from attributed
