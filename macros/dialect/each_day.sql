{# A row for each day from `first_date` to `last_date`, both included; stands alone in a select. #}
{% macro each_day(first_date, last_date) %}
    {{- return(adapter.dispatch('each_day', 'plumbline')(first_date, last_date)) -}}
{% endmacro %}

{% macro default__each_day(first_date, last_date) -%}
    cast(generate_series({{ first_date }}, {{ last_date }}, interval '1 day') as date)
{%- endmacro %}

{% macro duckdb__each_day(first_date, last_date) -%}
    cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval '1 day')) as date)
{%- endmacro %}

{% macro spark__each_day(first_date, last_date) -%}
    explode(sequence({{ first_date }}, {{ last_date }}, interval 1 day))
{%- endmacro %}
