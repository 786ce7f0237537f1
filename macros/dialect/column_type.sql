{% macro column_type(data_type) %}
    {{- return(adapter.dispatch('column_type', 'plumbline')(data_type)) -}}
{% endmacro %}

{#- `string` is the one name of a text type that all three grammars read. -#}
{% macro default__column_type(data_type) -%}
    {{ {'varchar': 'string'}.get(data_type, data_type) }}
{%- endmacro %}

{% macro postgres__column_type(data_type) -%}
    {{ {'varchar': 'text', 'double': 'double precision'}.get(data_type, data_type) }}
{%- endmacro %}

{% macro spark__column_type(data_type) -%}
    {{ {'varchar': 'string', 'timestamp': 'timestamp_ntz'}.get(data_type, data_type) }}
{%- endmacro %}
