with user_days as (

    select * from {{ ref('int_user_days__counted') }}

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

-- all that is known of a day by now, whenever it became known
days as (

    select
        user_days.account_id,
        user_days.user_id,
        user_days.event_date,
        sum(user_days.event_count) as event_count,
        sum(user_days.comment_count) as comment_count,
        sum(user_days.invite_count) as invite_count
    from user_days
    group by user_days.account_id, user_days.user_id, user_days.event_date

),

in_reach as (

    select
        days.account_id,
        days.user_id,
        months.period_start_date as month_start_date,
        {{ days_between('days.event_date', 'months.period_end_date') }} as days_before,
        -- 1900-01-01 was a Monday
        mod({{ days_between("cast('1900-01-01' as date)", 'days.event_date') }}, 7) < 5
            as is_weekday,
        days.event_count,
        days.comment_count,
        days.invite_count
    from days
    inner join months
        on
            days.event_date < months.period_end_date
            and days.event_date >= {{ add_days('months.period_end_date', -60) }}

),

windowed as (

    select
        in_reach.account_id,
        in_reach.user_id,
        in_reach.month_start_date,
        sum(case when in_reach.days_before <= 1 then 1 else 0 end) as active_days_1d,
        sum(case when in_reach.days_before <= 7 then 1 else 0 end) as active_days_7d,
        sum(case when in_reach.days_before <= 28 then 1 else 0 end) as active_days_28d,
        sum(case when in_reach.days_before <= 28 and in_reach.is_weekday then 1 else 0 end)
            as active_weekdays_28d,
        sum(case when in_reach.days_before <= 30 then 1 else 0 end) as active_days_30d,
        sum(case when in_reach.days_before > 30 then 1 else 0 end) as active_days_30d_before,
        sum(case when in_reach.days_before <= 30 then in_reach.event_count else 0 end)
            as event_count_30d,
        sum(case when in_reach.days_before > 30 then in_reach.event_count else 0 end)
            as event_count_30d_before,
        sum(case when in_reach.days_before <= 30 then in_reach.comment_count else 0 end)
            as comment_count_30d,
        sum(case when in_reach.days_before <= 30 then in_reach.invite_count else 0 end)
            as invite_count_30d
    from in_reach
    group by in_reach.account_id, in_reach.user_id, in_reach.month_start_date

)

select * from windowed
