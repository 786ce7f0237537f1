-- Read from the project's own graph: which sums a metric is made of, at each of its grains.
with declared as (
    {%- for metric in catalogue_metrics() %}
    {%- set outer_loop = loop %}
    {%- set meta = metric.config.meta %}
    {%- set roles = ['numerator', 'denominator', 'second_numerator', 'second_denominator'] %}
    {%- for grain in meta.grains %}
    {%- set is_last = outer_loop.last and loop.last %}
    {%- set rows = [] %}
    {%- for role in roles %}
    {%- for part, weight in meta.get(role, {}).items() %}
    {%- do rows.append([role, part, weight]) %}
    {%- endfor %}
    {%- endfor %}
    {%- for role, part, weight in rows %}
    select
        '{{ metric.name }}' as metric_name,
        '{{ grain }}' as grain,
        '{{ role }}' as side,
        '{{ part }}' as part_name,
        {{ weight }} as weight,
        '{{ meta.over_time }}' as over_time
    {%- if not (is_last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
)

select * from declared
