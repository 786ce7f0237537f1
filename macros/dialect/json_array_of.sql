{# JSON texts of a group as one JSON array; an aggregate. #}
{% macro json_array_of(json, order_by) %}
    {{- return(adapter.dispatch('json_array_of', 'plumbline')(json, order_by)) -}}
{% endmacro %}

{% macro default__json_array_of(json, order_by) -%}
    '[' || string_agg({{ json }}, ', ' order by {{ order_by }}) || ']'
{%- endmacro %}

{% macro spark__json_array_of(json, order_by) -%}
    '[' || array_join(
        transform(
            sort_array(collect_list(struct({{ order_by }} as place, {{ json }} as element))),
            listed -> listed.element
        ), ', '
    ) || ']'
{%- endmacro %}
