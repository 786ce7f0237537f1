-- What the increments added up to is what a count from scratch gives, for the as-of date and for a
-- date in the past by what was known then.
with features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date in ({{ as_of_date() }}, {{ add_days(as_of_date(), -20) }})

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

user_days as (

    select * from {{ ref('int_user_days__counted') }}

),

visible as (

    select
        features.account_id,
        features.as_of_date,
        user_days.user_id,
        user_days.event_date,
        user_days.comment_count,
        user_days.invite_count,
        {{ days_between('user_days.event_date', 'features.as_of_date') }} as days_before
    from features
    inner join lives
        on
            features.account_id = lives.account_id
            and features.life_number = lives.life_number
    inner join user_days
        on
            features.account_id = user_days.account_id
            and user_days.event_date < features.as_of_date
            and user_days.known_date < features.as_of_date
            and user_days.event_date >= lives.life_started_date

),

last_seen as (

    select
        visible.account_id,
        visible.as_of_date,
        min(visible.days_before) as days_since_last_login
    from visible
    group by visible.account_id, visible.as_of_date

),

-- one row per user and day of the last 90, however often it became known
of_90_days as (

    select
        visible.account_id,
        visible.as_of_date,
        visible.user_id,
        visible.event_date,
        min(visible.days_before) as days_before,
        sum(visible.comment_count) as comment_count,
        sum(visible.invite_count) as invite_count
    from visible
    where visible.days_before <= 90
    group by
        visible.account_id, visible.as_of_date, visible.user_id, visible.event_date

),

counted as (

    select
        days.account_id,
        days.as_of_date,
        count(case when days.days_before <= 7 then 1 end) as active_users_7d,
        count(case when days.days_before <= 30 then 1 end) as active_users_30d,
        count(*) as active_users_90d,
        count(distinct case when days.days_before <= 30 then days.user_id end) as users_30d,
        count(
            distinct case
                when days.days_before <= 30 and days.comment_count > 0 then days.user_id
            end
        ) as users_commenting,
        sum(case when days.days_before <= 30 then days.invite_count else 0 end) as invites_30d
    from of_90_days as days
    group by days.account_id, days.as_of_date

)

select
    features.account_id,
    features.as_of_date
from features
left join counted
    on
        features.account_id = counted.account_id
        and features.as_of_date = counted.as_of_date
left join last_seen
    on
        features.account_id = last_seen.account_id
        and features.as_of_date = last_seen.as_of_date
where
    abs(
        features.avg_dau_7d * least(7, features.account_age_days)
        - coalesce(counted.active_users_7d, 0)
    ) > 0.000001
    or abs(
        features.avg_dau_30d * least(30, features.account_age_days)
        - coalesce(counted.active_users_30d, 0)
    ) > 0.000001
    or abs(
        coalesce(features.usage_trend_ratio_30d_90d, 0) * coalesce(counted.active_users_90d, 0)
        / least(90, features.account_age_days) - features.avg_dau_30d
    ) > 0.000001
    or abs(
        coalesce(features.seat_utilization, 0) * features.seats
        - case when features.seats = 0 then 0 else coalesce(counted.users_30d, 0) end
    ) > 0.000001
    or features.users_commenting <> coalesce(counted.users_commenting, 0)
    or features.invites_sent_30d <> coalesce(counted.invites_30d, 0)
    or coalesce(features.days_since_last_login, 0) <> coalesce(last_seen.days_since_last_login, 0)
