{% do refuse_missing_parents() -%}
{% set derived, capped = derived_values('divided'), derived_values('divided', 'capped_where') -%}
with sides as (

    select * from {{ ref('int_metric_sides__summed') }}

),

metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

periods as (

    select * from {{ ref('int_metric_periods__listed') }}

),

targets as (

    select * from {{ ref('metric_targets') }}

),

divided as (

    select
        sides.*,
        metrics.calculation,
        metrics.additivity,
        metrics.direction,
        periods.prior_start_date,
        periods.year_ago_start_date,
        periods.period_days,
        sides.numerator / nullif(sides.denominator, 0) as ratio,
        sides.second_numerator / nullif(sides.second_denominator, 0) as second_ratio
    from sides
    inner join metrics
        on sides.metric_name = metrics.metric_name
    inner join periods
        on
            sides.grain = periods.grain
            and sides.period_start_date = periods.period_start_date
    -- what is not settled yet is not complete
    where
        {{ add_days('periods.period_end_date', 'metrics.settling_days') }}
        <= {{ as_of_date() }}

),

calculated as (

    select
        divided.*,
        case
            when divided.calculation = 'sum' then divided.numerator
            when divided.calculation = 'ratio' then divided.ratio
            {%- for name, sql in derived.items() %}
            when divided.metric_name = '{{ name }}'
                then {{ sql }}
            {%- endfor %}
        end as value,
        coalesce(
            false
            {%- for name, sql in capped.items() %}
            or (divided.metric_name = '{{ name }}' and {{ sql }})
            {%- endfor %},
            false
        ) as is_capped
    from divided

),

compared as (

    select
        calculated.*,
        prior_values.value as prior_value,
        year_ago_values.value as year_ago_value,
        targets.target_value,
        targets.warning_value,
        targets.critical_value,
        case when calculated.direction = 'down_is_good' then -1 else 1 end as sign
    from calculated
    left join calculated as prior_values
        on
            calculated.metric_name = prior_values.metric_name
            and calculated.grain = prior_values.grain
            and calculated.prior_start_date = prior_values.period_start_date
            and calculated.dimension_name = prior_values.dimension_name
            and calculated.dimension_value = prior_values.dimension_value
    left join calculated as year_ago_values
        on
            calculated.metric_name = year_ago_values.metric_name
            and calculated.grain = year_ago_values.grain
            and calculated.year_ago_start_date = year_ago_values.period_start_date
            and calculated.dimension_name = year_ago_values.dimension_name
            and calculated.dimension_value = year_ago_values.dimension_value
    -- the target of a sum is that of the whole company
    left join targets
        on
            calculated.metric_name = targets.metric_name
            and calculated.grain = targets.grain
            and (
                calculated.additivity = 'not_additive' or calculated.dimension_name = 'total'
            )

),

final as (

    select
        compared.metric_name,
        compared.grain,
        compared.period_start_date,
        compared.dimension_name,
        compared.dimension_value,
        compared.value,
        compared.numerator,
        case when compared.calculation <> 'sum' then compared.denominator end as denominator,
        compared.is_capped,
        compared.prior_value,
        compared.year_ago_value,
        compared.target_value,
        case
            when compared.value is null or compared.target_value is null then null
            when compared.sign * compared.value >= compared.sign * compared.target_value
                then 'on target'
            when compared.sign * compared.value < compared.sign * compared.critical_value
                then 'critical'
            when compared.sign * compared.value < compared.sign * compared.warning_value
                then 'warning'
            else 'below target'
        end as status,
        compared.additivity
    from compared

)

select {{ contract_columns('final') }}
from final
