{% macro json_array_contains(json, text) %}
    {{- return(adapter.dispatch('json_array_contains', 'plumbline')(json, text)) -}}
{% endmacro %}

{% macro default__json_array_contains(json, text) -%}
    list_contains(json_extract_string({{ json }}, '$[*]'), '{{ text }}')
{%- endmacro %}

{% macro postgres__json_array_contains(json, text) -%}
    jsonb_exists(cast({{ json }} as jsonb), '{{ text }}')
{%- endmacro %}

{% macro spark__json_array_contains(json, text) -%}
    array_contains(from_json({{ json }}, 'array<string>'), '{{ text }}')
{%- endmacro %}
