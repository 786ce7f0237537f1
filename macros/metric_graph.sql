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

{# Measures of the semantic layer, by name. Empty while dbt parses. #}
{% macro graph_measures() -%}
    {%- set measures = {} -%}
    {%- for semantic_model in graph.get('semantic_models', {}).values() -%}
        {%- set key = semantic_model.depends_on.nodes[0] -%}
        {%- set node = graph.nodes[key] -%}
        {%- set is_part = semantic_model.config.meta.get('is_part', true) -%}
        {%- for measure in semantic_model.measures -%}
            {%- set state = measure.non_additive_dimension -%}
            {%- set is_last = not state or state.window_choice == 'max' -%}
            {%- if is_part and not (measure.agg == 'sum' and is_last) -%}
                {%- do exceptions.raise_compiler_error('measure ' ~ measure.name
                    ~ ' of semantic model ' ~ semantic_model.name ~ ' is no sum, or not of a'
                    ~ " period's last day: the catalogue has no such part; write it as agg: sum"
                    ~ ' over a column of ' ~ node.name) -%}
            {%- endif -%}
            {%- set operand = measure.expr or measure.name -%}
            {%- do measures.update({measure.name: {
                'name': measure.name,
                'operand': operand,
                'expression': measure.agg ~ '(' ~ operand ~ ')',
                'is_part': is_part,
                'model_key': key,
                'model': node.name,
                'relation': node.schema ~ '.' ~ node.alias,
                'time_dimension': semantic_model.defaults.agg_time_dimension,
            }}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(measures) }}
{%- endmacro %}

{# Measures over a relation, as `graph_measures` has them. #}
{% macro relation_parts(relation) -%}
    {#- a unit test reads what it is given, under this prefix -#}
    {%- set name, found = relation.identifier.removeprefix('__dbt__cte__'), [] -%}
    {%- for measure in graph_measures().values() if measure.relation.split('.')[1] == name -%}
        {%- do found.append(measure) -%}
    {%- endfor -%}
    {%- if execute and graph.get('nodes') and not found -%}
        {%- do exceptions.raise_compiler_error(name ~ ' has no measure: give it a semantic model in'
            ~ ' models/semantic, or take it out of ' ~ model.name) -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{# Names of the tests by what they hold: a model's key, or `guards` of their meta. #}
{% macro graph_tests() -%}
    {%- set tests = {} -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'test' -%}
        {%- for key in node.depends_on.nodes + [node.config.meta.get('guards')] -%}
            {%- do tests.setdefault(key, []).append(node.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tests) }}
{%- endmacro %}

{# Names of the tests that hold a metric: of the models that it reads, and of values of its kind. #}
{% macro metric_tests(metric, keys, tests) -%}
    {%- set held, driving = keys + ['values'], metric.config.meta.get('drivers', {}) | list -%}
    {%- for other in catalogue_metrics() if metric.name in other.config.meta.get('drivers', {}) -%}
        {%- do driving.append(other.name) -%}
    {%- endfor -%}
    {%- do held.append('sums') if metric.config.meta.additivity != 'not_additive' -%}
    {%- do held.append('drivers') if driving -%}
    {%- set listed = [] -%}
    {%- for key in held -%}
        {%- do listed.extend(tests.get(key, [])) -%}
    {%- endfor -%}
    {{ return(listed | unique | sort) }}
{%- endmacro %}

{# What a metric reads: models, relations, time dimensions, tests and an SQL expression. #}
{% macro metric_base(metric, measures, tests) -%}
    {%- set formula, read = metric_formula(metric.name, measures), [] -%}
    {%- for name in formula.measures -%}
        {%- do read.append(measures[name]) -%}
    {%- endfor -%}
    {%- set keys = read | map(attribute='model_key') | unique | list -%}
    {#- sums of several relations are of a month asked for -#}
    {{ return({
        'calculation': formula.calculation,
        'expression': metric_sql(metric.name, measures, is_asked=keys | length > 1),
        'models': read | map(attribute='model') | unique | sort,
        'relations': read | map(attribute='relation') | unique | sort,
        'time_dimensions': read | map(attribute='time_dimension') | unique | sort,
        'tests': metric_tests(metric, keys, tests),
    }) }}
{%- endmacro %}

{# Rows of int_metrics__declared, column to SQL constant; none while dbt parses. #}
{% macro declared_metrics() -%}
    {%- set rows = [] -%}
    {%- set measures, tests = graph_measures(), graph_tests() -%}
    {%- do refuse_wrong_keys() -%}
    {%- for metric in catalogue_metrics() -%}
        {%- set meta, base = metric.config.meta, metric_base(metric, measures, tests) -%}
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
            'calculation': sql_text(base.calculation),
            'sql_expression': sql_text(base.expression),
            'base_relations': sql_text(base.relations | join(', ')),
            'time_dimensions': sql_text(base.time_dimensions | join(', ')),
            'upstream_models': sql_text(base.models | join(', ')),
            'guarding_tests': sql_text((base.tests + ['plumbline verify catalogue']) | join(', ')),
        }) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# Stops where a parent of the model was never built, nor is in this run. #}
{% macro refuse_missing_parents() -%}
    {%- for key in model.depends_on.nodes if key in graph.get('nodes', {}) -%}
        {%- set node = graph.nodes[key] -%}
        {%- if flags.WHICH in ('build', 'run') and key not in selected_resources
            and adapter.get_relation(node.database, node.schema, node.alias) is none -%}
            {%- do exceptions.raise_compiler_error(model.name ~ ' reads ' ~ node.name
                ~ ', which was never built: dbt build --select +' ~ model.name) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
