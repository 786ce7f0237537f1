{# Hours from one timestamp to a later one, with their fraction. #}
{% macro hours_between(start_at, end_at) %}
    {{- return(adapter.dispatch('hours_between', 'plumbline')(start_at, end_at)) -}}
{% endmacro %}

{% macro default__hours_between(start_at, end_at) -%}
    (extract(epoch from ({{ end_at }} - {{ start_at }})) / 3600.0)
{%- endmacro %}

{% macro spark__hours_between(start_at, end_at) -%}
    ((unix_timestamp({{ end_at }}) - unix_timestamp({{ start_at }})) / 3600.0)
{%- endmacro %}
