{{ config(group='catalogue') }}
-- Every cut of what metrics are made of sums to its total: that of ratios, too.
with parts as (

    select * from {{ ref('int_metric_parts__summed') }}
    where grain = 'month'

),

cut as (

    select
        parts.part_name,
        parts.period_start_date,
        parts.dimension_name,
        sum(parts.amount) as amount
    from parts
    group by parts.part_name, parts.period_start_date, parts.dimension_name

),

totals as (

    select * from cut
    where dimension_name = 'total'

)

select
    cut.part_name,
    cut.period_start_date,
    cut.dimension_name,
    totals.amount as total_amount,
    cut.amount as cut_amount
from cut
left join totals
    on
        cut.part_name = totals.part_name
        and cut.period_start_date = totals.period_start_date
where
    (cut.amount is null) <> (totals.amount is null)
    or cut.amount <> totals.amount
