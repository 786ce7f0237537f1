{{ config(meta={'guards': 'sums'}) }}
-- Every cut of a metric that is no ratio sums to its total.
with metric_months as (

    select * from {{ ref('metric_values') }}
    where grain = 'month' and additivity <> 'not_additive'

),

totals as (

    select * from metric_months
    where dimension_name = 'total'

),

cut as (

    select
        metric_months.metric_name,
        metric_months.period_start_date,
        metric_months.dimension_name,
        sum(metric_months.value) as value
    from metric_months
    where metric_months.dimension_name <> 'total'
    group by
        metric_months.metric_name,
        metric_months.period_start_date,
        metric_months.dimension_name

)

select
    totals.metric_name,
    totals.period_start_date,
    cut.dimension_name,
    totals.value as total_value,
    cut.value as cut_value
from totals
left join cut
    on
        totals.metric_name = cut.metric_name
        and totals.period_start_date = cut.period_start_date
where
    (cut.value is null) <> (totals.value is null)
    or abs(totals.value - cut.value) > 0.000001 * greatest(1, abs(totals.value))
