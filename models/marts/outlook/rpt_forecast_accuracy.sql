{%- set horizons = [30, 60, 90] -%}

with outcomes as (

    select * from {{ ref('fct_arr_forecast_outcomes') }}

),

asked as (
    {% for horizon in horizons %}
    {%- for kind in ['all', 'replayed', 'told'] %}
    select
        {{ horizon }} as horizon_days,
        '{{ kind }}' as nights_kind
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

summed as (

    select
        asked.horizon_days,
        asked.nights_kind,
        count(outcomes.as_of_date) as forecasts_count,
        min(outcomes.as_of_date) as first_date,
        max(outcomes.as_of_date) as last_date,
        sum(abs(outcomes.error_usd)) as absolute_error_usd,
        sum(outcomes.error_usd) as error_usd,
        sum(abs(outcomes.naive_error_usd)) as naive_absolute_error_usd,
        sum(outcomes.naive_error_usd) as naive_error_usd,
        sum(outcomes.came_arr_usd) as came_arr_usd,
        coalesce(sum(outcomes.within_count), 0) as within_count
    from asked
    left join outcomes
        on
            asked.horizon_days = outcomes.horizon_days
            and (
                asked.nights_kind = 'all'
                or (asked.nights_kind = 'replayed' and outcomes.is_replayed)
                or (asked.nights_kind = 'told' and not outcomes.is_replayed)
            )
    group by asked.horizon_days, asked.nights_kind

),

-- forecasts that overlap err together: a horizon is worth one
counted as (

    select
        summed.*,
        case
            when summed.forecasts_count > 0
                then least(
                    summed.forecasts_count,
                    1 + {{ days_between('summed.first_date', 'summed.last_date') }}
                    / (summed.horizon_days * 1.0)
                )
            else 0
        end as independent_count,
        {{ ratio('summed.within_count', 'summed.forecasts_count') }} as interval_coverage
    from summed

),

reported as (

    select
        counted.*,
        1 - {{ ratio('counted.absolute_error_usd', 'counted.came_arr_usd') }} as forecast_accuracy,
        {{ ratio('counted.error_usd', 'counted.came_arr_usd') }} as forecast_bias,
        1 - {{ ratio('counted.naive_absolute_error_usd', 'counted.came_arr_usd') }}
            as naive_accuracy,
        {{ ratio('counted.naive_error_usd', 'counted.came_arr_usd') }} as naive_bias,
        1 - {{ ratio('counted.absolute_error_usd', 'counted.naive_absolute_error_usd') }}
            as error_saved_share,
        cast({{ wilson_bound('counted.interval_coverage * counted.independent_count',
            'counted.independent_count', 'intervals.z', '-') }} as decimal(9, 6))
            as coverage_lower_bound,
        cast({{ wilson_bound('counted.interval_coverage * counted.independent_count',
            'counted.independent_count', 'intervals.z', '+') }} as decimal(9, 6))
            as coverage_upper_bound
    from counted
    cross join intervals

)

select {{ contract_columns('reported') }}
from reported
