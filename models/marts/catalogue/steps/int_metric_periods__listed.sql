with account_months as (

    select
        min(facts.month_start_date) as first_date,
        max(facts.month_start_date) as last_month_start_date
    from {{ ref('dim_account_months') }} as facts

),

usage_days as (

    select min(facts.event_date) as first_date
    from {{ ref('fct_account_usage_daily') }} as facts

),

days as (

    select {{ each_day("cast('2000-01-01' as date)", as_of_date()) }} as period_start_date

),

starts as (

    select
        'day' as grain,
        days.period_start_date,
        364 as periods_a_year
    from days
    cross join usage_days
    where days.period_start_date >= usage_days.first_date
    union all
    select
        'month' as grain,
        days.period_start_date,
        12 as periods_a_year
    from days
    cross join account_months
    where
        days.period_start_date >= account_months.first_date
        and extract(day from days.period_start_date) = 1
    union all
    select
        'quarter' as grain,
        days.period_start_date,
        4 as periods_a_year
    from days
    cross join account_months
    where
        days.period_start_date >= account_months.first_date
        and extract(day from days.period_start_date) = 1
        and extract(month from days.period_start_date) in (1, 4, 7, 10)
    union all
    select
        'year' as grain,
        days.period_start_date,
        1 as periods_a_year
    from days
    cross join account_months
    where
        days.period_start_date >= account_months.first_date
        and extract(day from days.period_start_date) = 1
        and extract(month from days.period_start_date) = 1

),

numbered as (

    select
        starts.*,
        row_number() over (partition by starts.grain order by starts.period_start_date)
            as period_number,
        -- the last start found begins the period that is not over
        lead(starts.period_start_date) over (
            partition by starts.grain
            order by starts.period_start_date
        ) as period_end_date
    from starts

),

listed as (

    select
        numbered.grain,
        numbered.period_start_date,
        numbered.period_end_date,
        {{ days_between('numbered.period_start_date', 'numbered.period_end_date') }}
            as period_days,
        prior_periods.period_start_date as prior_start_date,
        year_ago.period_start_date as year_ago_start_date
    from numbered
    left join numbered as prior_periods
        on
            numbered.grain = prior_periods.grain
            and numbered.period_number = prior_periods.period_number + 1
    left join numbered as year_ago
        on
            numbered.grain = year_ago.grain
            and numbered.period_number = year_ago.period_number + year_ago.periods_a_year
    where numbered.period_end_date <= {{ as_of_date() }}

)

select * from listed
