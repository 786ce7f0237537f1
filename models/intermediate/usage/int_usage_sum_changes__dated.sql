with usage_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

visible as (

    select
        usage_days.*,
        lives.life_number,
        greatest(
            {{ add_days('usage_days.known_date', 1) }},
            {{ add_days('usage_days.event_date', 1) }},
            lives.as_of_from_date,
            {{ add_days(changed_since(), 1) }}
        ) as enters_date
    from usage_days
    inner join lives
        on
            usage_days.account_id = lives.account_id
            and usage_days.event_date >= lives.life_started_date
            and usage_days.event_date < lives.next_life_started_date

),

windows as (

    select 7 as window_days
    union all
    select 14 as window_days
    union all
    select 30 as window_days
    union all
    select 60 as window_days
    union all
    select 90 as window_days
    union all
    select 210 as window_days

),

windowed as (

    select
        visible.*,
        windows.window_days,
        {{ add_days('visible.event_date', 'windows.window_days + 1') }} as leaves_date
    from visible
    cross join windows
    where visible.enters_date < {{ add_days('visible.event_date', 'windows.window_days + 1') }}

),

signed as (

    select
        windowed.account_id,
        windowed.life_number,
        windowed.enters_date as as_of_date,
        windowed.window_days,
        windowed.active_user_count,
        windowed.core_action_count,
        windowed.event_count,
        windowed.invite_count
    from windowed
    union all
    select
        windowed.account_id,
        windowed.life_number,
        windowed.leaves_date as as_of_date,
        windowed.window_days,
        -windowed.active_user_count as active_user_count,
        -windowed.core_action_count as core_action_count,
        -windowed.event_count as event_count,
        -windowed.invite_count as invite_count
    from windowed

),

dated as (

    select
        signed.account_id,
        signed.life_number,
        signed.as_of_date,
        sum(case when signed.window_days = 7 then signed.active_user_count end)
            as active_users_7d,
        sum(case when signed.window_days = 14 then signed.active_user_count end)
            as active_users_14d,
        sum(case when signed.window_days = 30 then signed.active_user_count end)
            as active_users_30d,
        sum(case when signed.window_days = 90 then signed.active_user_count end)
            as active_users_90d,
        sum(case when signed.window_days = 210 then signed.active_user_count end)
            as active_users_210d,
        sum(case when signed.window_days = 7 then signed.core_action_count end)
            as core_actions_7d,
        sum(case when signed.window_days = 30 then signed.core_action_count end)
            as core_actions_30d,
        sum(case when signed.window_days = 30 then signed.event_count end)
            as events_30d,
        sum(case when signed.window_days = 60 then signed.event_count end)
            as events_60d,
        sum(case when signed.window_days = 30 then signed.invite_count end)
            as invites_30d
    from signed
    group by signed.account_id, signed.life_number, signed.as_of_date

)

select * from dated
