{% macro json_array_sum(json, value_key) %}
    {{- return(adapter.dispatch('json_array_sum', 'plumbline')(json, value_key)) -}}
{% endmacro %}

{% macro default__json_array_sum(json, value_key) -%}
    coalesce(
            list_sum(cast(json_extract_string({{ json }}, '$[*].{{ value_key }}') as bigint[])), 0
        )
{%- endmacro %}

{% macro postgres__json_array_sum(json, value_key) -%}
    coalesce((
            select sum(cast(jsonb_extract_path_text(elements.element, '{{ value_key }}') as bigint))
            from (select jsonb_array_elements(cast({{ json }} as jsonb)) as element) as elements
        ), 0)
{%- endmacro %}

{% macro spark__json_array_sum(json, value_key) -%}
    coalesce(
            aggregate(
                from_json({{ json }}, 'array<string>'),
                cast(0 as bigint),
                (total, element) -> total
                    + cast(get_json_object(element, '$.{{ value_key }}') as bigint)
            ), 0
        )
{%- endmacro %}
