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

{# What a metric is made of: models, relations, time dimensions, tests and an SQL expression. #}
{% macro metric_base(metric) -%}
    {%- set base = {'models': [], 'relations': [], 'time_dimensions': [], 'tests': []} -%}
    {%- set meta, expressions, keys = metric.config.meta, {}, [] -%}
    {%- set roles = ['numerator', 'denominator', 'second_numerator', 'second_denominator'] -%}
    {%- for semantic_model in graph.semantic_models.values() | sort(attribute='name') -%}
        {%- set dimension = semantic_model.defaults.agg_time_dimension
            if semantic_model.defaults else none -%}
        {%- for measure in semantic_model.measures -%}
            {%- for role in roles if measure.name in meta.get(role, {}) -%}
                {%- do expressions.update({
                    measure.name: measure.agg ~ '(' ~ (measure.expr or measure.name) ~ ')'
                }) -%}
                {%- do keys.extend(semantic_model.depends_on.nodes) -%}
                {%- do base.time_dimensions.append(dimension) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id') -%}
        {%- if node.unique_id in keys -%}
            {%- do base.models.append(node.name) -%}
            {%- do base.relations.append(node.schema ~ '.' ~ node.alias) -%}
        {%- elif node.resource_type == 'test' -%}
            {%- for key in node.depends_on.nodes if key in keys -%}
                {%- do base.tests.append(node.name) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set sums = {} -%}
    {%- for role in roles -%}
        {%- set terms = [] -%}
        {%- for part, weight in meta.get(role, {}).items() -%}
            {%- do terms.append(
                (' - ' if weight < 0 else ' + ' if not loop.first else '')
                ~ ('' if weight in (1, -1) else weight | abs ~ ' * ')
                ~ expressions.get(part, part)
            ) -%}
        {%- endfor -%}
        {%- do sums.update({role: terms | join('') | trim}) -%}
    {%- endfor -%}
    {%- set ratio = '(' ~ sums.numerator ~ ') / nullif(' ~ sums.denominator ~ ', 0)' -%}
    {%- set second = '(' ~ sums.second_numerator ~ ') / nullif('
        ~ sums.second_denominator ~ ', 0)' -%}
    {%- do base.update({
        'expression': {
            'sum': sums.numerator,
            'ratio': ratio,
            'annualised': '1 - power(1 - ' ~ ratio ~ ', 365.0 / days of the month)',
            'difference': ratio ~ ' - ' ~ second,
            'lifetime': ratio ~ ' * least(60, 1 / (' ~ second ~ '))',
            'net_promoter': 'case when ' ~ sums.denominator ~ ' >= 5 then 100.0 * '
                ~ ratio ~ ' end',
        }[meta.calculation],
        'models': base.models | unique | list,
        'relations': base.relations | unique | list,
        'time_dimensions': base.time_dimensions | unique | list,
        'tests': base.tests | unique | sort,
    }) -%}
    {{ return(base) }}
{%- endmacro %}
