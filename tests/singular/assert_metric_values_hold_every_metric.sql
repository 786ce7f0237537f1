{{ config(group='catalogue', meta={'guards': 'values'}) }}
-- Every metric of the project that was observed over a whole, settled period has a value, or a
-- NULL, of it. One that has none was added after what it reads was built: `dbt build --select
-- +metric_values` builds that.
with declared as (

    select listed.metric_name
    from (
        values
        {%- for metric in catalogue_metrics() %}
        ('{{ metric.name }}')
            {{- ',' if not loop.last }}
        {%- endfor %}
    ) as listed {{ '(metric_name)' }}

),

metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

due as (

    select distinct metrics.metric_name
    from metrics
    inner join {{ ref('int_metric_periods__listed') }} as periods
        on
            metrics.grains like '%' || periods.grain || '%'
            and metrics.observed_from_date <= periods.period_start_date
            and {{ add_days('periods.period_end_date', 'metrics.settling_days') }}
            <= {{ as_of_date() }}

),

held as (

    select distinct facts.metric_name
    from {{ ref('metric_values') }} as facts

)

select declared.metric_name
from declared
left join metrics
    on declared.metric_name = metrics.metric_name
left join due
    on declared.metric_name = due.metric_name
left join held
    on declared.metric_name = held.metric_name
where
    metrics.metric_name is null
    or (due.metric_name is not null and held.metric_name is null)
