with metric_months as (

    select * from {{ ref('metric_values') }}
    where grain = 'month' and dimension_name = 'total'

),

parts as (

    select * from {{ ref('int_metric_parts__summed') }}
    where grain = 'month' and dimension_name = 'total'

),

metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

declared as (

    select * from {{ ref('int_metric_parts__declared') }}
    where grain = 'month'

),

compositions as (

    select * from {{ ref('int_driver_compositions__declared') }}

),

-- what a ratio is made of: its sides do not add up to it, so they contribute nothing by themselves
sides as (

    select
        metric_months.period_start_date,
        metric_months.metric_name as parent_node,
        declared.part_name as child_node,
        'part' as child_level,
        declared.side as composition,
        declared.weight,
        case
            when declared.over_time = 'sum' then parts.amount
            else parts.last_amount
        end as child_value,
        cast(null as {{ column_type('double') }}) as contribution
    from metric_months
    inner join metrics
        on
            metric_months.metric_name = metrics.metric_name
            and metrics.calculation <> 'sum'
    inner join declared
        on metric_months.metric_name = declared.metric_name
    inner join parts
        on
            declared.part_name = parts.part_name
            and metric_months.period_start_date = parts.period_start_date

),

-- a retention begins at 1, the MRR of the month's start
bases as (

    select distinct
        parents.period_start_date,
        parents.metric_name as parent_node,
        'unchanged_mrr' as child_node,
        'part' as child_level,
        'base' as composition,
        1 as weight,
        parents.denominator as child_value,
        cast(1 as {{ column_type('double') }}) as contribution
    from metric_months as parents
    inner join compositions
        on parents.metric_name = compositions.parent_metric
    where parents.denominator <> 0

),

added as (

    select
        parents.period_start_date,
        parents.metric_name as parent_node,
        children.metric_name as child_node,
        'metric' as child_level,
        case when compositions.weight > 0 then 'adds' else 'subtracts' end as composition,
        compositions.weight,
        children.value as child_value,
        compositions.weight * children.value / nullif(coalesce(parents.denominator, 1), 0)
            as contribution
    from metric_months as parents
    inner join compositions
        on parents.metric_name = compositions.parent_metric
    inner join metric_months as children
        on
            compositions.child_metric = children.metric_name
            and parents.period_start_date = children.period_start_date

),

final as (

    select
        sides.*,
        cast(null as {{ column_type('varchar') }}) as segment,
        cast(null as {{ column_type('varchar') }}) as account_id
    from sides
    union all
    select
        bases.*,
        cast(null as {{ column_type('varchar') }}) as segment,
        cast(null as {{ column_type('varchar') }}) as account_id
    from bases
    union all
    select
        added.*,
        cast(null as {{ column_type('varchar') }}) as segment,
        cast(null as {{ column_type('varchar') }}) as account_id
    from added
    union all
    select
        movements.period_start_date,
        movements.parent_node,
        movements.child_node,
        movements.child_level,
        'adds' as composition,
        1 as weight,
        movements.amount_usd as child_value,
        movements.amount_usd as contribution,
        movements.segment,
        movements.account_id
    from {{ ref('int_movement_drivers__summed') }} as movements

)

select {{ contract_columns('final') }}
from final
