{# A text as JSON has it: in quotes, with what must be escaped escaped; null for null. #}
{% macro json_quoted(text) %}
    {{- return(adapter.dispatch('json_quoted', 'plumbline')(text)) -}}
{% endmacro %}

{% macro default__json_quoted(text) -%}
    case
        when {{ text }} is not null
            then cast(to_json({{ text }}) as {{ column_type('varchar') }})
    end
{%- endmacro %}

{#- Spark makes JSON of lists and structs alone. -#}
{% macro spark__json_quoted(text) -%}
    case
        when {{ text }} is not null
            then substring(to_json(array({{ text }})), 2, length(to_json(array({{ text }}))) - 2)
    end
{%- endmacro %}
