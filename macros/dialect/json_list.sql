{# The elements of a JSON text or of one of its keys: the array itself, or the `data` of a list object. #}
{% macro json_list(json, key=none) %}
    {{- return(adapter.dispatch('json_list', 'plumbline')(json, key)) -}}
{% endmacro %}

{% macro default__json_list(json, key) -%}
    {%- set path = '$' ~ ('.' ~ key if key else '') -%}
    coalesce(
            json_extract({{ json }}, '{{ path }}.data'), json_extract({{ json }}, '{{ path }}')
        )
{%- endmacro %}

{% macro postgres__json_list(json, key) -%}
    {%- set value = "cast(" ~ json ~ " as jsonb)" ~ (" -> '" ~ key ~ "'" if key else '') -%}
    case jsonb_typeof({{ value }})
            when 'array' then {{ value }} when 'object' then {{ value }} -> 'data'
        end
{%- endmacro %}

{% macro spark__json_list(json, key) -%}
    {%- set path = '$' ~ ('.' ~ key if key else '') -%}
    coalesce(
            get_json_object({{ json }}, '{{ path }}.data'), get_json_object({{ json }}, '{{ path }}')
        )
{%- endmacro %}
