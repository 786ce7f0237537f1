{% macro unnest_json_array(json) %}
    {{- return(adapter.dispatch('unnest_json_array', 'plumbline')(json)) -}}
{% endmacro %}

{% macro default__unnest_json_array(json) -%}
    unnest(json_extract({{ json }}, '$[*]'))
{%- endmacro %}

{% macro postgres__unnest_json_array(json) -%}
    jsonb_array_elements(cast({{ json }} as jsonb))
{%- endmacro %}

{% macro spark__unnest_json_array(json) -%}
    explode(from_json({{ json }}, 'array<string>'))
{%- endmacro %}
