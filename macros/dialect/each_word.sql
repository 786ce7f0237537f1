{# A row for each lower-case word of a text; stands alone in a select. #}
{% macro each_word(text) %}
    {{- return(adapter.dispatch('each_word', 'plumbline')(text)) -}}
{% endmacro %}

{% macro default__each_word(text) -%}
    regexp_split_to_table(lower({{ text }}), '[^a-z]+')
{%- endmacro %}

{% macro duckdb__each_word(text) -%}
    unnest(regexp_split_to_array(lower({{ text }}), '[^a-z]+'))
{%- endmacro %}

{% macro spark__each_word(text) -%}
    explode(split(lower({{ text }}), '[^a-z]+'))
{%- endmacro %}
