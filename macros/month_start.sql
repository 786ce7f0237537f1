{# First day of the calendar month that a date lies in. #}
{% macro month_start(date) -%}
    {{ add_days(date, '1 - extract(day from cast(' ~ date ~ ' as date))') }}
{%- endmacro %}

{# First day of the calendar month after the one that a date lies in. #}
{% macro next_month_start(date) -%}
    {{ month_start(add_days(month_start(date), 31)) }}
{%- endmacro %}

{# Key of an account's month in core.dim_account_months. #}
{% macro account_month_id(account_id, date) -%}
    {{ account_id }} || '|' || cast({{ month_start(date) }} as varchar(10))
{%- endmacro %}
