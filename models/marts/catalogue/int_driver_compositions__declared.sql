-- Read from the project's own graph: which metrics a metric's value is the sum of.
with declared as (
    {%- for metric in catalogue_metrics() if metric.config.meta.drivers %}
    {%- set outer_loop = loop %}
    {%- for driver, weight in metric.config.meta.drivers.items() %}
    select
        '{{ metric.name }}' as parent_metric,
        '{{ driver }}' as child_metric,
        {{ weight }} as weight
    {%- if not (outer_loop.last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
)

select * from declared
