{# First day not served by what ends at a moment: an end within a day's last minute is midnight. #}
{% macro end_date(moment) %}
    {{- return(adapter.dispatch('end_date', 'plumbline')(moment)) -}}
{% endmacro %}

{% macro default__end_date(moment) -%}
    cast({{ moment }} + interval '1 minute' as date)
{%- endmacro %}

{% macro spark__end_date(moment) -%}
    cast({{ moment }} + interval 1 minute as date)
{%- endmacro %}
