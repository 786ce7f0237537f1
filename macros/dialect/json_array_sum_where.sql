{# Sum of one value over the objects of a JSON array that say `match_text` of another; null where
   none does. #}
{% macro json_array_sum_where(json, value_key, match_key, match_text) %}
    {{- return(
        adapter.dispatch('json_array_sum_where', 'plumbline')(
            json, value_key, match_key, match_text
        )
    ) -}}
{% endmacro %}

{% macro default__json_array_sum_where(json, value_key, match_key, match_text) -%}
    (
            select sum(try_cast(
                json_extract_string(elements.element, '$.{{ value_key }}') as double
            ))
            from (select unnest(json_extract({{ json }}, '$[*]')) as element) as elements
            where json_extract_string(elements.element, '$.{{ match_key }}') = '{{ match_text }}'
        )
{%- endmacro %}

{% macro postgres__json_array_sum_where(json, value_key, match_key, match_text) -%}
    (
            select sum(case
                when jsonb_typeof(elements.element -> '{{ value_key }}') = 'number'
                    then cast(
                        jsonb_extract_path_text(elements.element, '{{ value_key }}')
                        as double precision
                    )
            end)
            from (select jsonb_array_elements(cast({{ json }} as jsonb)) as element) as elements
            where
                jsonb_extract_path_text(elements.element, '{{ match_key }}') = '{{ match_text }}'
        )
{%- endmacro %}

{% macro spark__json_array_sum_where(json, value_key, match_key, match_text) -%}
    aggregate(
            filter(
                from_json({{ json }}, 'array<string>'),
                element -> get_json_object(element, '$.{{ match_key }}') = '{{ match_text }}'
            ),
            cast(null as double),
            (total, element) -> coalesce(
                coalesce(total, 0)
                + try_cast(get_json_object(element, '$.{{ value_key }}') as double),
                total
            )
        )
{%- endmacro %}
