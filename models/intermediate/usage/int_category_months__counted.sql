with attributed as (

    select * from {{ ref('int_user_event_days__attributed') }}
    where feature_category is not null

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

user_categories as (

    select
        attributed.account_id,
        attributed.feature_category,
        attributed.user_id,
        months.period_start_date as month_start_date,
        sum(attributed.event_count) as event_count
    from attributed
    inner join months
        on
            attributed.event_date < months.period_end_date
            and attributed.event_date >= {{ add_days('months.period_end_date', -30) }}
    group by
        attributed.account_id,
        attributed.feature_category,
        attributed.user_id,
        months.period_start_date

),

counted as (

    select
        user_categories.account_id,
        user_categories.month_start_date,
        user_categories.feature_category,
        sum(user_categories.event_count) as event_count_30d,
        count(*) as user_count_30d
    from user_categories
    group by
        user_categories.account_id,
        user_categories.month_start_date,
        user_categories.feature_category

)

select * from counted
