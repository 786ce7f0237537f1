{% macro json_text(json, keys) %}
    {{- return(adapter.dispatch('json_text', 'plumbline')(json, keys)) -}}
{% endmacro %}

{% macro default__json_text(json, keys) -%}
    json_extract_string({{ json }}, '$.{{ keys | join(".") }}')
{%- endmacro %}

{% macro postgres__json_text(json, keys) -%}
    jsonb_extract_path_text(cast({{ json }} as jsonb), '{{ keys | join("', '") }}')
{%- endmacro %}

{% macro spark__json_text(json, keys) -%}
    get_json_object({{ json }}, '$.{{ keys | join(".") }}')
{%- endmacro %}
