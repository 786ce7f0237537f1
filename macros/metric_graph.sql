{# A text as an SQL constant. #}
{% macro sql_text(text) -%}
    '{{ text | trim | replace("'", "''") }}'
{%- endmacro %}

{# Metrics of the catalogue, by name; others are parts of these. Empty while dbt parses. #}
{% macro catalogue_metrics() -%}
    {%- set listed = [] -%}
    {%- for metric in graph.get('metrics', {}).values() | sort(attribute='name') -%}
        {%- if 'tier' in metric.config.meta -%}
            {%- do listed.append(metric) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(listed) }}
{%- endmacro %}

{# Measures of the semantic layer, by name: expression, relation, model, time dimension, tests. #}
{% macro graph_measures() -%}
    {%- set measures, tests = {}, {} -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'test' -%}
        {%- for key in node.depends_on.nodes -%}
            {%- do tests.setdefault(key, []).append(node.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for semantic_model in graph.get('semantic_models', {}).values() -%}
        {%- for measure in semantic_model.measures -%}
            {%- set key = semantic_model.depends_on.nodes[0] -%}
            {%- set node = graph.nodes[key] -%}
            {%- do measures.update({measure.name: {
                'expression': measure.agg ~ '(' ~ (measure.expr or measure.name) ~ ')',
                'model': node.name,
                'relation': node.schema ~ '.' ~ node.alias,
                'time_dimension': semantic_model.defaults.agg_time_dimension,
                'tests': tests.get(key, []),
            }}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(measures) }}
{%- endmacro %}

{# Tests of the values of a metric: those of its kind among the tests of metric_values. #}
{% macro value_tests(metric) -%}
    {%- set listed, driving = [], metric.config.meta.get('drivers', {}) | list -%}
    {%- for other in catalogue_metrics() if metric.name in other.config.meta.get('drivers', {}) -%}
        {%- do driving.append(other.name) -%}
    {%- endfor -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'test' -%}
        {%- set guarded = node.config.meta.get('guards') -%}
        {%- if guarded == 'values'
            or (guarded == 'sums' and metric.config.meta.additivity != 'not_additive')
            or (guarded == 'drivers' and driving) -%}
            {%- do listed.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(listed) }}
{%- endmacro %}

{# The sum of a measure of monthly rows over the month that `asked` names. #}
{% macro month_sum(measure) -%}
    {{ return('coalesce((select ' ~ measure.expression ~ ' from ' ~ measure.relation ~ ' where '
        ~ measure.time_dimension ~ ' = asked.month_start_date), 0)') }}
{%- endmacro %}

{# What a metric is made of: models, relations, time dimensions, tests and an SQL expression. #}
{% macro metric_base(metric, measures) -%}
    {%- set meta, sums, parts, tests = metric.config.meta, {}, [], value_tests(metric) -%}
    {%- set relations = [] -%}
    {%- for side in ['numerator', 'denominator', 'second_numerator', 'second_denominator'] -%}
        {%- for part in meta.get(side, {}) -%}
            {%- do relations.append(measures[part].relation) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- sums of several relations, or with the days of the month, are of a month asked for -#}
    {%- set has_several = relations | unique | list | length > 1 -%}
    {%- set is_asked = has_several or meta.calculation == 'annualised' -%}
    {%- for side in ['numerator', 'denominator', 'second_numerator', 'second_denominator'] -%}
        {%- set terms = [] -%}
        {%- for part, weight in meta.get(side, {}).items() -%}
            {%- do parts.append(measures[part]) -%}
            {%- do tests.extend(measures[part].tests) -%}
            {%- do terms.append(
                (' - ' if weight < 0 else ' + ' if not loop.first else '')
                ~ ('' if weight in (1, -1) else weight | abs ~ ' * ')
                ~ (month_sum(measures[part]) if is_asked else measures[part].expression)
            ) -%}
        {%- endfor -%}
        {%- do sums.update({side: terms | join('') | trim}) -%}
    {%- endfor -%}
    {%- set ratio = '(' ~ sums.numerator ~ ') / nullif(' ~ sums.denominator ~ ', 0)' -%}
    {%- set second = '(' ~ sums.second_numerator ~ ') / nullif('
        ~ sums.second_denominator ~ ', 0)' -%}
    {{ return({
        'expression': {
            'sum': sums.numerator,
            'ratio': ratio,
            'annualised': '1 - power(1 - ' ~ ratio ~ ', 365.0 / extract(day from'
                ~ " asked.month_start_date + interval '1' month - interval '1' day))",
            'difference': ratio ~ ' - ' ~ second,
            'quotient': '(' ~ ratio ~ ') / nullif(' ~ second ~ ', 0)',
            'lifetime': 'case when ' ~ second ~ ' is not null then ' ~ ratio
                ~ ' * least(60, 1 / nullif(' ~ second ~ ', 0)) end',
            'net_promoter': 'case when ' ~ sums.denominator ~ ' >= 5 then 100.0 * '
                ~ ratio ~ ' end',
        }[meta.calculation],
        'models': parts | map(attribute='model') | unique | sort,
        'relations': relations | unique | sort,
        'time_dimensions': parts | map(attribute='time_dimension') | unique | sort,
        'tests': tests | unique | sort,
    }) }}
{%- endmacro %}

{# Rows of int_metrics__declared, column to SQL constant; none while dbt parses. #}
{% macro declared_metrics() -%}
    {%- set rows = [] -%}
    {%- set measures = graph_measures() -%}
    {%- for metric in catalogue_metrics() -%}
        {%- set meta, base = metric.config.meta, metric_base(metric, measures) -%}
        {%- set settles_after, settling = meta.get('settles_after', []), [0] -%}
        {%- for name in ([settles_after] if settles_after is string else settles_after) -%}
            {%- do settling.append(var(name)) -%}
        {%- endfor -%}
        {%- do rows.append({
            'metric_name': sql_text(metric.name),
            'label': sql_text(metric.label),
            'description': sql_text(metric.description),
            'category': sql_text(meta.category),
            'source_type': sql_text(meta.source_type),
            'needs_seed': sql_text(meta.get('needs_seed', '')),
            'owner': sql_text(meta.owner),
            'tier': meta.tier,
            'version': meta.version,
            'unit': sql_text(meta.unit),
            'direction': sql_text(meta.direction),
            'grains': sql_text(meta.grains | join(', ')),
            'additivity': sql_text(meta.additivity),
            'over_time': sql_text(meta.over_time),
            'settling_days': settling | sum,
            'formula': sql_text(meta.formula),
            'calculation': sql_text(meta.calculation),
            'sql_expression': sql_text(base.expression),
            'base_relations': sql_text(base.relations | join(', ')),
            'time_dimensions': sql_text(base.time_dimensions | join(', ')),
            'upstream_models': sql_text(base.models | join(', ')),
            'guarding_tests': sql_text((base.tests + ['plumbline verify catalogue']) | join(', ')),
        }) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
