-- Read from the project's own graph: which sums a metric is made of.
with declared as (

    select listed.*
    from (
        values
        {{ declared_parts() | join(',\n        ') }}
    ) as listed {{ '(metric_name, side, part_name, weight)' }}

),

metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

described as (

    select
        declared.*,
        metrics.grains,
        metrics.calculation,
        metrics.over_time,
        metrics.source_type,
        metrics.observed_from_date
    from declared
    inner join metrics
        on declared.metric_name = metrics.metric_name

)

select * from described
