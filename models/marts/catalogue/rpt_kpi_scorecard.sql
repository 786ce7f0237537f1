with targets as (

    select * from {{ ref('kpi_targets') }}

),

achieved as (

    select * from {{ ref('int_kpis__achieved') }}

),

bounds as (

    select * from {{ ref('int_kpis__bounded') }}

),

joined as (

    select
        {{ as_of_date() }} as as_of_date,
        targets.kpi_name,
        targets.kpi_label,
        targets.metric_name,
        targets.comparison,
        targets.target_value,
        achieved.from_month_date,
        achieved.until_month_date,
        achieved.achieved_value,
        achieved.lower_bound,
        achieved.upper_bound,
        bounds.promised_value,
        bounds.promised_lower_bound,
        bounds.promised_upper_bound,
        bounds.feasible_value,
        bounds.baseline_value,
        targets.answer,
        targets.note,
        -- turned so that more is better
        case when targets.comparison = 'at most' then -1 else 1 end as direction
    from targets
    left join achieved
        on targets.kpi_name = achieved.kpi_name
    left join bounds
        on targets.kpi_name = bounds.kpi_name

),

turned as (

    select
        joined.*,
        joined.direction * joined.target_value as turned_target,
        least(
            joined.direction * coalesce(joined.lower_bound, joined.achieved_value),
            joined.direction * coalesce(joined.upper_bound, joined.achieved_value)
        ) as turned_worst,
        greatest(
            joined.direction * coalesce(joined.lower_bound, joined.achieved_value),
            joined.direction * coalesce(joined.upper_bound, joined.achieved_value)
        ) as turned_best
    from joined

),

judged as (

    select
        turned.*,
        case
            when turned.answer = 'never' then 'no data can answer'
            when turned.answer = 'not yet' then 'input does not exist yet'
            when turned.achieved_value is null then 'nothing has matured yet'
            when turned.target_value is null then 'no target was set'
            when turned.turned_worst >= turned.turned_target then 'met'
            when turned.turned_best < turned.turned_target then 'missed'
            else 'within the interval'
        end as status,
        turned.direction * turned.feasible_value >= turned.turned_target as is_target_feasible,
        turned.direction * turned.baseline_value >= turned.turned_target as is_met_by_baseline
    from turned

)

select {{ contract_columns('judged') }}
from judged
