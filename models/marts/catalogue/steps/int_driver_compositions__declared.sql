{% set rows = [] -%}
{%- for metric in catalogue_metrics() -%}
    {%- for driver, weight in metric.config.meta.get('drivers', {}).items() -%}
        {%- do rows.append("('" ~ metric.name ~ "', '" ~ driver ~ "', " ~ weight ~ ')') -%}
    {%- endfor -%}
{%- endfor -%}
-- Read from the project's own graph: which metrics a metric's value is the sum of.
with declared as (

    select listed.*
    from (
        values
        {{ rows | join(',\n        ') }}
    ) as listed {{ '(parent_metric, child_metric, weight)' }}

),

metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

described as (

    select
        declared.*,
        metrics.calculation as parent_calculation
    from declared
    inner join metrics
        on declared.parent_metric = metrics.metric_name

)

select * from described
