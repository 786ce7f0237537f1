{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_known_since('known_date') }}"
    )
}}

with user_days as (

    select * from {{ ref('int_user_days__counted') }}

),

touched_dates as (

    select distinct user_days.event_date
    from user_days
    where user_days.known_date >= {{ changed_since() }}

),

ranked as (

    select
        user_days.*,
        row_number() over (
            partition by user_days.account_id, user_days.user_id, user_days.event_date
            order by user_days.known_date
        ) as knowledge_number
    from user_days
    inner join touched_dates
        on user_days.event_date = touched_dates.event_date

),

counted as (

    select
        ranked.account_id,
        ranked.event_date,
        ranked.known_date,
        -- a user counts on the day on which his first event of that day became known
        sum(case when ranked.knowledge_number = 1 then 1 else 0 end) as active_user_count,
        sum(ranked.event_count) as event_count,
        sum(ranked.core_action_count) as core_action_count,
        sum(ranked.invite_count) as invite_count
    from ranked
    where ranked.known_date >= {{ changed_since() }}
    group by ranked.account_id, ranked.event_date, ranked.known_date

)

select * from counted
