with user_months as (

    select * from {{ ref('int_user_months__windowed') }}

),

segments as (

    select
        user_segments.user_segment,
        user_segments.min_active_days,
        lead(user_segments.min_active_days, 1, 999) over (
            order by user_segments.min_active_days
        ) as below_active_days
    from {{ ref('user_segments') }} as user_segments

),

segmented as (

    select
        user_months.*,
        segments.user_segment
    from user_months
    inner join segments
        on
            user_months.active_days_30d >= segments.min_active_days
            and user_months.active_days_30d < segments.below_active_days

),

counted as (

    select
        segmented.account_id,
        segmented.month_start_date,
        sum(case when segmented.active_days_1d > 0 then 1 else 0 end) as active_users_1d,
        sum(case when segmented.active_days_7d > 0 then 1 else 0 end) as active_users_7d,
        sum(case when segmented.active_days_28d > 0 then 1 else 0 end) as active_users_28d,
        sum(case when segmented.active_days_30d > 0 then 1 else 0 end) as active_users_30d,
        sum(case when segmented.active_days_30d_before > 0 then 1 else 0 end)
            as active_users_30d_before,
        sum(segmented.active_days_28d) as active_user_days_28d,
        sum(segmented.active_weekdays_28d) as active_user_weekdays_28d,
        sum(case when segmented.comment_count_30d > 0 then 1 else 0 end)
            as commenting_users_30d,
        sum(segmented.event_count_30d) as event_count_30d,
        sum(segmented.event_count_30d_before) as event_count_30d_before,
        sum(segmented.invite_count_30d) as invite_count_30d,
        sum(case when segmented.user_segment = 'power' then 1 else 0 end) as power_users,
        sum(case when segmented.user_segment = 'regular' then 1 else 0 end) as regular_users,
        sum(case when segmented.user_segment = 'light' then 1 else 0 end) as light_users,
        sum(case when segmented.user_segment = 'at_risk' then 1 else 0 end) as at_risk_users
    from segmented
    group by segmented.account_id, segmented.month_start_date

)

select * from counted
