{#-
    Rows of rule_name, rows_checked and rows_failing, in one scan of what the call block says: a
    cross join and no union, which an engine may answer by a scan for each rule. In parentheses, so
    that `union all` may stand between two calls. (D172)
-#}
{% macro count_rules(rules) -%}
    (
        with sums as (
            select
                {%- for name, rule in rules.items() %}
                {%- if not rule.get('fails') or rule.keys() - ['checked', 'fails'] %}
                {%- do exceptions.raise_compiler_error('rule ' ~ name ~ ' has the keys '
                    ~ rule | join(', ') ~ '; give fails, and checked where not all rows are') %}
                {%- endif %}
                {%- set checked = rule.get('checked', 'true') %}
                count(case when {{ checked }} then 1 end) as checked_{{ name }},
                count(case when ({{ checked }}) and ({{ rule.fails }}) then 1 end)
                    as failing_{{ name }}{{ ',' if not loop.last }}
                {%- endfor %}
            {{ caller() | trim | indent(8) }}
        ),

        names as (
            {%- for name in rules %}
            {{ 'union all' if not loop.first }}
            select '{{ name }}' as rule_name
            {%- endfor %}
        )

        select
            names.rule_name,
            case names.rule_name
                {%- for name in rules %}
                when '{{ name }}' then sums.checked_{{ name }}
                {%- endfor %}
            end as rows_checked,
            case names.rule_name
                {%- for name in rules %}
                when '{{ name }}' then sums.failing_{{ name }}
                {%- endfor %}
            end as rows_failing
        from sums
        cross join names
    )
{%- endmacro %}
