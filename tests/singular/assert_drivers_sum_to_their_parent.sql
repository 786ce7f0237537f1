{{ config(group='catalogue', meta={'guards': 'drivers'}) }}
-- What stands below a node of the driver tree sums to the node's own value; a node whose value is
-- not 0 has something below it.
with drivers as (

    select * from {{ ref('metric_drivers') }}
    where contribution is not null

),

-- every metric that is a sum of others, and each of these, which are sums of their segments
composed as (

    select compositions.parent_metric as metric_name
    from {{ ref('int_driver_compositions__declared') }} as compositions
    union distinct
    select compositions.child_metric as metric_name
    from {{ ref('int_driver_compositions__declared') }} as compositions

),

nodes as (

    select
        metric_months.period_start_date,
        metric_months.metric_name as node,
        metric_months.value
    from {{ ref('metric_values') }} as metric_months
    inner join composed
        on metric_months.metric_name = composed.metric_name
    where metric_months.grain = 'month' and metric_months.dimension_name = 'total'
    union all
    select
        drivers.period_start_date,
        drivers.child_node as node,
        drivers.child_value as value
    from drivers
    where drivers.child_level = 'segment'

),

summed as (

    select
        drivers.period_start_date,
        drivers.parent_node as node,
        sum(drivers.contribution) as contribution
    from drivers
    group by drivers.period_start_date, drivers.parent_node

)

select
    coalesce(nodes.period_start_date, summed.period_start_date) as period_start_date,
    coalesce(nodes.node, summed.node) as node,
    summed.contribution,
    nodes.value
from nodes
full outer join summed
    on
        nodes.period_start_date = summed.period_start_date
        and nodes.node = summed.node
where
    (nodes.value is null and summed.contribution is not null)
    or abs(coalesce(summed.contribution, 0) - nodes.value)
    > 0.000001 * greatest(1, abs(nodes.value))
