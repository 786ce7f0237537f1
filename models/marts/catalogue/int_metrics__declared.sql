-- Every value is read from the project's own graph when it is built: nothing here can drift.
{% set measures = graph_measures() if execute -%}
with declared as (
    {%- for metric in catalogue_metrics() %}
    {%- set meta = metric.config.meta %}
    {%- set base = metric_base(metric, measures) %}
    select
        {{ sql_text(metric.name) }} as metric_name,
        {{ sql_text(metric.label) }} as label,
        {{ sql_text(metric.description) }} as description,
        {{ sql_text(meta.category) }} as category,
        {{ sql_text(meta.owner) }} as owner,
        {{ meta.tier }} as tier,
        {{ meta.version }} as version,
        {{ sql_text(meta.unit) }} as unit,
        {{ sql_text(meta.direction) }} as direction,
        {{ sql_text(meta.grains | join(', ')) }} as grains,
        {{ sql_text(meta.additivity) }} as additivity,
        {{ sql_text(meta.over_time) }} as over_time,
        {{ var(meta.settles_after) if meta.settles_after else 0 }} as settling_days,
        {{ sql_text(meta.formula) }} as formula,
        {{ sql_text(meta.calculation) }} as calculation,
        {{ sql_text(base.expression) }} as sql_expression,
        {{ sql_text(base.relations | join(', ')) }} as base_relations,
        {{ sql_text(base.time_dimensions | join(', ')) }} as time_dimensions,
        {{ sql_text(base.models | join(', ')) }} as upstream_models,
        {{ sql_text(base.tests | join(', ')) }} as guarding_tests
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from declared
