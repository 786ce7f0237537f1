{# How often a piece of text stands in a column. #}
{% macro count_text(column, piece) -%}
    ((length({{ column }}) - length(replace({{ column }}, '{{ piece }}', '')))
    / length('{{ piece }}'))
{%- endmacro %}
