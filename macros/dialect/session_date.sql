{% macro session_date(name) %}
    {{- return(adapter.dispatch('session_date', 'plumbline')(name)) -}}
{% endmacro %}

{% macro default__session_date(name) -%}
    cast(current_setting('plumbline.{{ name }}') as date)
{%- endmacro %}

{% macro duckdb__session_date(name) -%}
    cast(coalesce(getvariable('{{ name }}'), error('the session says no {{ name }}')) as date)
{%- endmacro %}

{% macro spark__session_date(name) -%}
    cast(session.{{ name }} as date)
{%- endmacro %}
