-- The differences of a restated value's causes are the whole difference.
with restatements as (

    select * from {{ ref('metric_restatements') }}

),

summed as (

    select
        restatements.recorded_at,
        restatements.metric_name,
        restatements.grain,
        restatements.period_start_date,
        restatements.dimension_name,
        restatements.dimension_value,
        max(restatements.new_value) - max(restatements.old_value) as whole_difference,
        sum(restatements.difference) as summed_difference,
        greatest(abs(max(restatements.new_value)), abs(max(restatements.old_value))) as size
    from restatements
    group by
        restatements.recorded_at,
        restatements.metric_name,
        restatements.grain,
        restatements.period_start_date,
        restatements.dimension_name,
        restatements.dimension_value

)

select *
from summed
where abs(summed.whole_difference - summed.summed_difference) > 0.000000001 * summed.size
