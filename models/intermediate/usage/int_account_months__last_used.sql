with usage_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

-- a day's core actions may have become known on several days
days as (

    select
        usage_days.account_id,
        usage_days.event_date,
        sum(usage_days.core_action_count) as core_action_count
    from usage_days
    group by usage_days.account_id, usage_days.event_date

),

month_days as (

    select
        days.account_id,
        {{ month_start('days.event_date') }} as used_month_date,
        max(days.event_date) as last_active_date,
        max(case when days.core_action_count > 0 then days.event_date end) as last_core_date
    from days
    group by days.account_id, {{ month_start('days.event_date') }}

),

last_used as (

    select
        month_days.account_id,
        months.period_start_date as month_start_date,
        max(month_days.last_active_date) as last_active_date,
        max(month_days.last_core_date) as last_core_date
    from month_days
    inner join months
        on month_days.used_month_date <= months.period_start_date
    group by month_days.account_id, months.period_start_date

)

select * from last_used
