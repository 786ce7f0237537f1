{% macro readable_json(text) %}
    {{- return(adapter.dispatch('readable_json', 'plumbline')(text)) -}}
{% endmacro %}

{% macro default__readable_json(text) -%}
    case when json_valid({{ text }}) then {{ text }} end
{%- endmacro %}

{#- From PostgreSQL 16 on. -#}
{% macro postgres__readable_json(text) -%}
    case when {{ text }} is json then {{ text }} end
{%- endmacro %}

{#- Spark's own functions give null for what is no JSON. -#}
{% macro spark__readable_json(text) -%}
    case when get_json_object({{ text }}, '$') is not null then {{ text }} end
{%- endmacro %}
