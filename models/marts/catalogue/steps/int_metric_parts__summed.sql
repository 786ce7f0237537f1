{% set day_parts = relation_parts(ref('fct_account_usage_daily')) -%}
with cut as (

    select * from {{ ref('int_revenue_parts__cut') }}
    union all
    select * from {{ ref('int_usage_parts__cut') }}
    union all
    select * from {{ ref('int_care_parts__cut') }}
    union all
    select * from {{ ref('int_model_parts__cut') }}

),

days as (

    select
        facts.event_date
        {%- for measure in day_parts %},
        sum(cast({{ measure.operand }} as decimal(38, 12))) as {{ measure.name }}
        {%- endfor %}
    from {{ ref('fct_account_usage_daily') }} as facts
    group by facts.event_date

),

periods as (

    select * from {{ ref('int_metric_periods__listed') }}

),

-- a month is part of itself, its quarter and its year
period_months as (

    select
        periods.grain,
        periods.period_start_date,
        months.period_start_date as month_start_date,
        months.period_end_date = periods.period_end_date as is_last_month
    from periods
    inner join periods as months
        on
            periods.period_start_date <= months.period_start_date
            and periods.period_end_date >= months.period_end_date
            and months.grain = 'month'
    where periods.grain <> 'day'

),

summed as (

    select
        cut.part_name,
        period_months.grain,
        period_months.period_start_date,
        cut.dimension_name,
        cut.dimension_value,
        sum(cut.amount) as amount,
        sum(case when period_months.is_last_month then cut.amount end) as last_amount
    from cut
    inner join period_months
        on cut.month_start_date = period_months.month_start_date
    where period_months.grain = 'month' or cut.dimension_name = 'total'
    group by
        cut.part_name,
        period_months.grain,
        period_months.period_start_date,
        cut.dimension_name,
        cut.dimension_value
    -- metrics of a day exist in total alone
    {%- for measure in day_parts %}
    union all
    select
        '{{ measure.name }}' as part_name,
        periods.grain,
        periods.period_start_date,
        'total' as dimension_name,
        'total' as dimension_value,
        days.{{ measure.name }} as amount,
        days.{{ measure.name }} as last_amount
    from periods
    left join days
        on periods.period_start_date = days.event_date
    where periods.grain = 'day'
    {%- endfor %}

)

select * from summed
