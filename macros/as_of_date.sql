{% macro as_of_date() %}
    {%- set given = var('as_of_date', none) -%}
    {%- set text = '' if given is none else given | string | trim -%}
    {#- a replay compiles once, and says the date of each night to its session (D171) -#}
    {%- if text == 'session' -%}
        {{ return(session_date('as_of_date')) }}
    {%- endif -%}
    {%- set remedy = "Pass --vars 'as_of_date: 2026-02-28' to dbt, or --as-of to plumbline." -%}
    {%- if text == '' -%}
        {{ exceptions.raise_compiler_error("The var as_of_date is not set. " ~ remedy) }}
    {%- endif -%}
    {%- if not modules.re.match('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', text) -%}
        {{ exceptions.raise_compiler_error(
            "The var as_of_date is '" ~ text ~ "', not a date like 2026-02-28. " ~ remedy
        ) }}
    {%- endif -%}
    {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
    {%- set next_month = modules.datetime.date(year + month // 12, month % 12 + 1, 1) -%}
    {%- if day > (next_month - modules.datetime.timedelta(days=1)).day -%}
        {{ exceptions.raise_compiler_error(
            "The var as_of_date is '" ~ text ~ "', a day that month does not have. " ~ remedy
        ) }}
    {%- endif -%}
    cast('{{ text }}' as date)
{%- endmacro %}

{# Midnight (UTC) at which the as-of date begins, as a timestamp. #}
{% macro as_of_midnight() -%}
    cast({{ as_of_date() }} as timestamp)
{%- endmacro %}
