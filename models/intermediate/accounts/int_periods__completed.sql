with created as (

    select min(cast(account_versions.created_at as date)) as first_date
    from {{ ref('stg_master_records__account_versions') }} as account_versions

),

served as (

    select min(ranges.valid_from_date) as first_date
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges

),

bounded as (

    select
        {{ month_start(
            'least(coalesce(created.first_date, served.first_date),'
            ~ ' coalesce(served.first_date, created.first_date))'
        ) }} as first_date,
        {{ add_days(as_of_date(), -1) }} as last_date
    from created
    cross join served

),

days as (

    select
        bounded.last_date,
        {{ each_day('bounded.first_date', 'bounded.last_date') }} as day_date
    from bounded

),

months as (

    select
        days.day_date as month_start_date,
        {{ next_month_start('days.day_date') }} as month_end_date,
        extract(month from days.day_date) as month_number
    from days
    where extract(day from days.day_date) = 1

),

completed as (

    select *
    from months
    where months.month_end_date <= {{ as_of_date() }}

),

-- a quarter or a year is complete with its last month
periods as (

    select
        'month' as grain,
        completed.month_start_date as period_start_date,
        completed.month_end_date as period_end_date,
        completed.month_start_date as last_month_start_date
    from completed
    union all
    select
        'quarter' as grain,
        {{ month_start(add_days('completed.month_start_date', -40)) }} as period_start_date,
        completed.month_end_date as period_end_date,
        completed.month_start_date as last_month_start_date
    from completed
    where mod(cast(completed.month_number as integer), 3) = 0
    union all
    select
        'year' as grain,
        {{ month_start(add_days('completed.month_start_date', -320)) }} as period_start_date,
        completed.month_end_date as period_end_date,
        completed.month_start_date as last_month_start_date
    from completed
    where completed.month_number = 12

)

select * from periods
