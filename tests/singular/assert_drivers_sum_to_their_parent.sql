-- What stands below a node of the driver tree sums to the node's own value.
with drivers as (

    select * from {{ ref('metric_drivers') }}
    where contribution is not null

),

metric_months as (

    select * from {{ ref('metric_values') }}
    where grain = 'month' and dimension_name = 'total'

),

summed as (

    select
        drivers.period_start_date,
        drivers.parent_node,
        sum(drivers.contribution) as contribution
    from drivers
    group by drivers.period_start_date, drivers.parent_node

),

nodes as (

    select
        metric_months.period_start_date,
        metric_months.metric_name as node,
        metric_months.value
    from metric_months
    union all
    select
        drivers.period_start_date,
        drivers.child_node as node,
        drivers.child_value as value
    from drivers
    where drivers.child_level = 'segment'

)

select
    summed.period_start_date,
    summed.parent_node,
    summed.contribution,
    nodes.value
from summed
left join nodes
    on
        summed.period_start_date = nodes.period_start_date
        and summed.parent_node = nodes.node
where
    nodes.value is null
    or abs(summed.contribution - nodes.value) > 0.000001 * greatest(1, abs(nodes.value))
