{% set windows = [('active_user', 7), ('active_user', 14), ('active_user', 30),
    ('core_action', 7), ('core_action', 30)] -%}

with usage_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

served as (

    select
        ranges.account_id,
        min(ranges.valid_from_date) as first_service_date
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges
    where ranges.account_id is not null
    group by ranges.account_id

),

-- an account that was never served, or not yet, has no age: its windows are whole
in_reach as (

    select
        usage_days.account_id,
        months.period_start_date as month_start_date,
        {{ days_between('usage_days.event_date', 'months.period_end_date') }} as days_before,
        case
            when served.first_service_date < months.period_end_date
                then {{ days_between('served.first_service_date', 'months.period_end_date') }}
        end as age_days,
        usage_days.active_user_count,
        usage_days.core_action_count
    from usage_days
    inner join months
        on
            usage_days.event_date < months.period_end_date
            and usage_days.event_date >= {{ add_days('months.period_end_date', -30) }}
    left join served
        on usage_days.account_id = served.account_id

),

-- the window of an account that is younger begins with its first day of service
averaged as (

    select
        in_reach.account_id,
        in_reach.month_start_date
        {%- for measure, days in windows %},
        sum(
            case
                when in_reach.days_before
                    <= least({{ days }}, coalesce(in_reach.age_days, {{ days }}))
                    then in_reach.{{ measure }}_count
                else 0
            end
        ) / cast(
            max(least({{ days }}, coalesce(in_reach.age_days, {{ days }})))
            as {{ column_type('double') }}
        ) as avg_{{ measure }}s_{{ days }}d
        {%- endfor %}
    from in_reach
    group by in_reach.account_id, in_reach.month_start_date

)

select * from averaged
