{# The same day of the month, so many months later; the month's last day where it has no such day. #}
{% macro add_months(date, months) %}
    {{- return(adapter.dispatch('add_months', 'plumbline')(date, months)) -}}
{% endmacro %}

{% macro default__add_months(date, months) -%}
    cast(cast({{ date }} as date) + cast({{ months }} as integer) * interval '1 month' as date)
{%- endmacro %}

{% macro spark__add_months(date, months) -%}
    add_months(cast({{ date }} as date), cast({{ months }} as integer))
{%- endmacro %}
