{# Stops with one line on a metric that the catalogue cannot make (D157). #}
{% macro refuse_metric(name, why) -%}
    {%- do exceptions.raise_compiler_error('metric ' ~ name ~ ' ' ~ why) -%}
{%- endmacro %}

{# Stops where a metric's config.meta has a key or a word that the catalogue does not know. #}
{% macro refuse_wrong_keys() -%}
    {%- set key = 'model.' ~ project_name ~ '.int_metrics__declared' -%}
    {%- set declared = graph.get('nodes', {}).get(key) -%}
    {%- set keys = declared.config.meta.metric_keys if declared else {} -%}
    {#- (a measure's own metric has the meta of its semantic model) -#}
    {%- for metric in graph.get('metrics', {}).values()
        if metric.config.meta and metric.config.meta | list != ['is_part'] -%}
        {%- set meta = metric.config.meta -%}
        {%- for key in meta if key not in keys.needed and key not in keys.optional -%}
            {%- do refuse_metric(metric.name, 'has the key ' ~ key ~ ' in config.meta; keys are '
                ~ (keys.needed | list + keys.optional | list) | join(', ')) -%}
        {%- endfor -%}
        {%- for key in keys.needed if key not in meta -%}
            {%- do refuse_metric(metric.name, 'lacks the key ' ~ key ~ ' in config.meta') -%}
        {%- endfor -%}
        {%- for key, words in keys.needed.items() if words -%}
            {%- set told = meta[key] if key == 'grains' else [meta[key]] -%}
            {%- for word in told if word not in words -%}
                {%- do refuse_metric(metric.name, 'has the ' ~ key ~ ' ' ~ word ~ ' in config.meta;'
                    ~ ' give ' ~ words | join(', ')) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for driver in meta.get('drivers', {}) -%}
            {%- if 'metric.' ~ project_name ~ '.' ~ driver not in graph.metrics -%}
                {%- do refuse_metric(metric.name, 'has the driver ' ~ driver ~ ', no metric') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{# Stops where nothing cuts the relation of a part. #}
{% macro refuse_uncut_part(name, measure) -%}
    {%- set summed = graph.nodes['model.' ~ project_name ~ '.int_metric_parts__summed'] -%}
    {%- set read = [] -%}
    {%- for key in summed.depends_on.nodes if key.endswith('_parts__cut') -%}
        {%- do read.extend(graph.nodes[key].depends_on.nodes) -%}
    {%- endfor -%}
    {%- if measure.model_key not in read + summed.depends_on.nodes -%}
        {%- do refuse_metric(name, 'reads measure ' ~ measure.name ~ ' of ' ~ measure.model
            ~ ', which nothing cuts: add it to one of the int_*_parts__cut in'
            ~ ' models/marts/catalogue/steps') -%}
    {%- endif -%}
{%- endmacro %}

{#-
    Parts and their weights where an expression adds and subtracts inputs; none where it does more.
    What a query takes together, and how much of it is complete, is asked in the semantic layer
    alone: periods of the catalogue are one, and complete.
-#}
{% macro sum_weights(expression, inputs) -%}
    {%- set guarded = modules.re.match('case when (\\w+) [=>] \\d+ then (.+) end$', expression) -%}
    {%- if guarded and inputs.get(guarded.group(1), {}).calculation == 'none' -%}
        {%- set expression = modules.re.sub('coalesce\\((\\w+), 0\\)', '\\1', guarded.group(2)) -%}
    {%- endif -%}
    {%- set weights, state = {}, namespace(sign=1, is_sum=true) -%}
    {%- for word in expression.split() -%}
        {%- if word in ('+', '-') -%}
            {%- set state.sign = 1 if word == '+' else -1 -%}
        {%- elif inputs.get(word, {}).calculation == 'sum' -%}
            {%- for part, weight in inputs[word].sides[0].items() -%}
                {%- do weights.update({part: weights.get(part, 0) + state.sign * weight}) -%}
            {%- endfor -%}
        {%- else -%}
            {%- set state.is_sum = false -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(weights if state.is_sum else {}) }}
{%- endmacro %}

{#-
    A metric's formula, from its type_params:
    calculation  sum of parts, ratio of two sums, derived from one or two ratios; none: no part
    sides        weights by part: numerator, denominator, and those of a second ratio
    measures     measures that it reads
    inputs       of a derived metric, columns of metric_values by input
-#}
{% macro metric_formula(name, measures) -%}
    {%- set metric = graph.metrics['metric.' ~ project_name ~ '.' ~ name] -%}
    {%- set params, inputs = metric.type_params, {} -%}
    {%- set listed = {
        'simple': [params.measure],
        'ratio': [params.numerator, params.denominator],
        'derived': params.metrics,
    }.get(metric.type) -%}
    {%- if listed is none -%}
        {%- do refuse_metric(name, 'is ' ~ metric.type ~ ': the catalogue has simple, ratio and'
            ~ ' derived metrics; make a column of a fact of what it adds up') -%}
    {%- endif -%}
    {%- for input in [metric] + listed -%}
        {%- if input.offset_window or input.offset_to_grain or input.alias -%}
            {%- do refuse_metric(name, 'has an offset or an alias: the catalogue has neither;'
                ~ ' metric_values has prior_value and year_ago_value') -%}
        {%- endif -%}
        {%- for where in (input.filter or {}).where_filters or [] -%}
            {%- if not modules.re.fullmatch(
                "\\{\\{ *Dimension\\('account_month__is_settled'\\) *\\}\\}( is not null)?",
                where.where_sql_template | trim) -%}
                {%- do refuse_metric(name, 'has a filter, which the sums of the catalogue do not:'
                    ~ ' put it into the expr of a measure, as a case when') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if metric.type == 'simple' -%}
        {%- set part = params.measure.name -%}
        {{ return({'calculation': 'sum' if measures[part].is_part else 'none',
            'sides': [{part: 1}], 'measures': [part]}) }}
    {%- endif -%}
    {%- set sides, read, columns, of_sides = [], [], {}, ['numerator', 'denominator'] -%}
    {%- for input in listed -%}
        {%- do inputs.update({input.name: metric_formula(input.name, measures)}) -%}
    {%- endfor -%}
    {%- set sum = sum_weights(params.expr, inputs) if metric.type == 'derived' else {} -%}
    {%- if sum -%}
        {{ return({'calculation': 'sum', 'sides': [sum], 'measures': sum | list}) }}
    {%- endif -%}
    {%- for input in inputs.values()
        if input.calculation == ('sum' if metric.type == 'ratio' else 'ratio') -%}
        {%- do sides.extend(input.sides) -%}
        {%- do read.extend(input.measures) -%}
    {%- endfor -%}
    {%- for input, formula in inputs.items() -%}
        {%- if formula.sides in (sides[:2], sides[2:]) and formula.calculation == 'ratio' -%}
            {%- set is_first = formula.sides == sides[:2] -%}
            {%- do columns.update({input: 'ratio' if is_first else 'second_ratio'}) -%}
        {%- elif formula.sides[0] in sides and formula.calculation == 'sum' -%}
            {%- do columns.update({input: metric_sides()[sides.index(formula.sides[0])]}) -%}
        {%- elif input == 'days_in_month' -%}
            {%- do columns.update({input: 'period_days'}) -%}
            {%- do read.append(input) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if columns | length < inputs | length or sides | length not in (2, 4) -%}
        {%- do refuse_metric(name, 'is neither a sum nor a ratio of sums, nor made of one or two'
            ~ ' ratios and their sides: give each ratio and each sum in it a metric of its own') -%}
    {%- endif -%}
    {{ return({'calculation': metric.type, 'sides': sides, 'measures': read | unique | list,
        'inputs': columns}) }}
{%- endmacro %}

{# Names of the sides of a formula, in their order. #}
{% macro metric_sides() -%}
    {{ return(['numerator', 'denominator', 'second_numerator', 'second_denominator']) }}
{%- endmacro %}

{# An expression with its inputs replaced, all at once. #}
{% macro replace_words(expression, words) -%}
    {%- set replaced = [] -%}
    {%- for word in modules.re.split('(\\w+)', expression | trim) -%}
        {%- do replaced.append(words.get(word, word)) -%}
    {%- endfor -%}
    {{ return(replaced | join) }}
{%- endmacro %}

{# A metric as SQL over the rows of its base relation; or of the month that `asked` names. #}
{% macro metric_sql(name, measures, is_asked) -%}
    {%- set formula, terms, words = metric_formula(name, measures), [], {} -%}
    {%- if formula.calculation == 'derived' -%}
        {%- for input in formula.inputs -%}
            {%- do words.update({input: '(' ~ metric_sql(input, measures, is_asked) ~ ')'}) -%}
        {%- endfor -%}
        {%- set metric = graph.metrics['metric.' ~ project_name ~ '.' ~ name] -%}
        {{ return(replace_words(metric.type_params.expr, words)) }}
    {%- endif -%}
    {%- for side in formula.sides -%}
        {%- set sums = [] -%}
        {%- for part, weight in side.items() -%}
            {%- set sum = month_sum(measures[part]) if is_asked else measures[part].expression -%}
            {%- do sums.append((' - ' if weight < 0 else ' + ' if not loop.first else '')
                ~ ('' if weight in (1, -1) else weight | abs ~ ' * ') ~ sum) -%}
        {%- endfor -%}
        {%- do terms.append(sums | join | trim) -%}
    {%- endfor -%}
    {{ return('(' ~ terms[0] ~ ') / nullif(' ~ terms[1] ~ ', 0)' if terms | length > 1
        else terms[0]) }}
{%- endmacro %}

{# A measure of monthly rows in the month that `asked` names. #}
{% macro month_sum(measure) -%}
    {%- set found = '(select ' ~ measure.expression ~ ' from ' ~ measure.relation ~ ' where '
        ~ measure.time_dimension ~ ' = asked.month_start_date)' -%}
    {{ return('coalesce(' ~ found ~ ', 0)' if measure.is_part else found) }}
{%- endmacro %}

{# Rows of int_metric_parts__declared, as SQL; none while dbt parses. #}
{% macro declared_parts() -%}
    {%- set rows, measures = [], graph_measures() -%}
    {%- for metric in catalogue_metrics() -%}
        {%- for side in metric_formula(metric.name, measures).sides -%}
            {%- set side_name = metric_sides()[loop.index0] -%}
            {%- for part, weight in side.items() -%}
                {%- do refuse_uncut_part(metric.name, measures[part]) -%}
                {%- do rows.append("('" ~ [metric.name, side_name, part] | join("', '")
                    ~ "', " ~ weight ~ ')') -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{#-
    Expressions over the columns of `relation` by metric: the value of what is derived, or
    (`key='capped_where'`) where it was capped. None while dbt parses.
-#}
{% macro derived_values(relation, key='value') -%}
    {%- set measures, found = graph_measures(), {} -%}
    {%- for metric in catalogue_metrics() -%}
        {%- set formula, columns = metric_formula(metric.name, measures), {} -%}
        {%- set told = metric.type_params.expr if key == 'value' else metric.config.meta[key] -%}
        {%- for input, column in formula.get('inputs', {}).items() -%}
            {%- do columns.update({input: relation ~ '.' ~ column}) -%}
        {%- endfor -%}
        {%- if told and formula.calculation == 'derived' -%}
            {%- do found.update({metric.name: replace_words(told, columns)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
