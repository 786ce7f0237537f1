{% set rows = [] -%}
{%- for metric in catalogue_metrics() -%}
    {%- for side in ['numerator', 'denominator', 'second_numerator', 'second_denominator'] -%}
        {%- for part, weight in metric.config.meta.get(side, {}).items() -%}
            {%- do rows.append("('" ~ [metric.name, side, part] | join("', '")
                ~ "', " ~ weight ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
-- Read from the project's own graph: which sums a metric is made of.
with declared as (

    select listed.*
    from (
        values
        {{ rows | join(',\n        ') }}
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
