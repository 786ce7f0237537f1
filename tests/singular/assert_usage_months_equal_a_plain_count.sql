-- The windows of the last three complete months, counted anew from the events for some fifty
-- accounts, whoever they are: distinct users, their days, what they did, and which features.
with account_months as (

    select
        usage.*,
        {{ next_month_start('usage.month_start_date') }} as month_end_date,
        row_number() over (
            partition by usage.month_start_date
            order by {{ text_hash('usage.account_month_id') }}, usage.account_month_id
        ) as draw
    from {{ ref('fct_account_usage_monthly') }} as usage
    where
        usage.month_start_date < {{ month_start(as_of_date()) }}
        and usage.month_start_date >= {{ add_days(month_start(as_of_date()), -92) }}

),

drawn as (

    select * from account_months
    where draw <= 50

),

workspaces as (

    select * from {{ ref('int_workspaces__owned') }}
    where account_id in (select drawn.account_id from drawn)

),

users as (

    select * from {{ ref('int_users__classified') }}
    where not is_internal_or_bot

),

events as (

    select distinct
        stg_events.event_id,
        stg_events.event_type,
        stg_events.user_id,
        stg_events.workspace_id,
        workspaces.account_id,
        cast(stg_events.occurred_at as date) as event_date
    from {{ ref('stg_usage__events') }} as stg_events
    inner join workspaces
        on stg_events.workspace_id = workspaces.workspace_id
    inner join users
        on stg_events.user_id = users.user_id
    where stg_events.landed_date >= (
        select least(min(event_days.known_date), {{ add_days(month_start(as_of_date()), -122) }})
        from {{ ref('int_user_event_days__counted') }} as event_days
        where event_days.event_date >= {{ add_days(month_start(as_of_date()), -122) }}
    )

),

windowed as (

    select
        drawn.account_month_id,
        events.user_id,
        events.event_date,
        event_types.feature_category,
        event_types.is_comment,
        event_types.is_invite,
        {{ days_between('events.event_date', 'drawn.month_end_date') }} as days_before
    from drawn
    inner join events
        on
            drawn.account_id = events.account_id
            and events.event_date < drawn.month_end_date
            and events.event_date >= {{ add_days('drawn.month_end_date', -60) }}
    left join {{ ref('event_types') }} as event_types
        on events.event_type = event_types.event_type

),

user_days as (

    select
        windowed.account_month_id,
        windowed.user_id,
        count(distinct case when windowed.days_before <= 28 then windowed.event_date end)
            as active_days_28d,
        count(distinct case when windowed.days_before <= 30 then windowed.event_date end)
            as active_days_30d
    from windowed
    group by windowed.account_month_id, windowed.user_id

),

days_counted as (

    select
        user_days.account_month_id,
        sum(user_days.active_days_28d) as active_user_days_28d,
        sum(case when user_days.active_days_30d >= 20 then 1 else 0 end) as power_users,
        sum(case when user_days.active_days_30d between 1 and 4 then 1 else 0 end)
            as at_risk_users
    from user_days
    group by user_days.account_month_id

),

counted as (

    select
        windowed.account_month_id,
        count(distinct case when windowed.days_before <= 7 then windowed.user_id end)
            as active_users_7d,
        count(distinct case when windowed.days_before <= 30 then windowed.user_id end)
            as active_users_30d,
        count(
            distinct case
                when windowed.days_before <= 30 and windowed.is_comment then windowed.user_id
            end
        ) as commenting_users_30d,
        count(case when windowed.days_before <= 30 and windowed.is_invite then 1 end)
            as invites_sent_30d,
        count(
            distinct case when windowed.days_before <= 30 then windowed.feature_category end
        ) as feature_categories_30d,
        count(case when windowed.days_before > 30 then 1 end) as event_count_30d_before
    from windowed
    group by windowed.account_month_id

)

select drawn.account_month_id
from drawn
left join counted
    on drawn.account_month_id = counted.account_month_id
left join days_counted
    on drawn.account_month_id = days_counted.account_month_id
where
    drawn.active_users_7d <> coalesce(counted.active_users_7d, 0)
    or drawn.active_users_30d <> coalesce(counted.active_users_30d, 0)
    or drawn.active_user_days_28d <> coalesce(days_counted.active_user_days_28d, 0)
    or drawn.power_users <> coalesce(days_counted.power_users, 0)
    or drawn.at_risk_users <> coalesce(days_counted.at_risk_users, 0)
    or drawn.commenting_users_30d <> coalesce(counted.commenting_users_30d, 0)
    or drawn.invites_sent_30d <> coalesce(counted.invites_sent_30d, 0)
    or drawn.feature_categories_30d <> coalesce(counted.feature_categories_30d, 0)
    or drawn.decline_eligible_count
    <> case when counted.event_count_30d_before >= 50 then 1 else 0 end
