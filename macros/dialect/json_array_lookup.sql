{% macro json_array_lookup(json, match_key, match_text, value_key) %}
    {{- return(
        adapter.dispatch('json_array_lookup', 'plumbline')(json, match_key, match_text, value_key)
    ) -}}
{% endmacro %}

{% macro default__json_array_lookup(json, match_key, match_text, value_key) -%}
    (
            select max(json_extract_string(elements.element, '$.{{ value_key }}'))
            from (select unnest(json_extract({{ json }}, '$[*]')) as element) as elements
            where json_extract_string(elements.element, '$.{{ match_key }}') = '{{ match_text }}'
        )
{%- endmacro %}

{% macro postgres__json_array_lookup(json, match_key, match_text, value_key) -%}
    (
            select max(jsonb_extract_path_text(elements.element, '{{ value_key }}'))
            from (select jsonb_array_elements(cast({{ json }} as jsonb)) as element) as elements
            where
                jsonb_extract_path_text(elements.element, '{{ match_key }}') = '{{ match_text }}'
        )
{%- endmacro %}

{% macro spark__json_array_lookup(json, match_key, match_text, value_key) -%}
    get_json_object(
            element_at(
                filter(
                    from_json({{ json }}, 'array<string>'),
                    element -> get_json_object(element, '$.{{ match_key }}') = '{{ match_text }}'
                ),
                1
            ),
            '$.{{ value_key }}'
        )
{%- endmacro %}
