{% macro add_days(date, days) %}
    {{- return(adapter.dispatch('add_days', 'plumbline')(date, days)) -}}
{% endmacro %}

{% macro default__add_days(date, days) -%}
    (cast({{ date }} as date) + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add(cast({{ date }} as date), cast({{ days }} as integer))
{%- endmacro %}
