{% macro json_text_at(json, keys, key, rest) %}
    {{- return(adapter.dispatch('json_text_at', 'plumbline')(json, keys, key, rest)) -}}
{% endmacro %}

{% macro default__json_text_at(json, keys, key, rest) -%}
    json_extract_string(
                {{ json }}, '$.{{ keys | join(".") }}.' || {{ key }} || '.{{ rest | join(".") }}'
            )
{%- endmacro %}

{% macro postgres__json_text_at(json, keys, key, rest) -%}
    jsonb_extract_path_text(
                cast({{ json }} as jsonb),
                '{{ keys | join("', '") }}', {{ key }}, '{{ rest | join("', '") }}'
            )
{%- endmacro %}

{% macro spark__json_text_at(json, keys, key, rest) -%}
    get_json_object(
                {{ json }},
                concat('$.{{ keys | join(".") }}.', {{ key }}, '.{{ rest | join(".") }}')
            )
{%- endmacro %}
