{# Whether health is kept for a date T: for each of the last `health_daily_days`, for Mondays as
   long as readers get them, and for the first day of each month, which says how the one before
   ended. #}
{% macro is_health_day(date) -%}
    (
        {{ date }} > {{ add_days(as_of_date(), -var('health_daily_days')) }}
        or {{ date }} = {{ month_start(date) }}
        or (
            {{ date }} > {{ add_days(as_of_date(), -var('publish_days')) }}
            -- 1 January 1900 was a Monday
            and mod({{ days_between("cast('1900-01-01' as date)", date) }}, 7) = 0
        )
    )
{%- endmacro %}

{# Whether a build computes health for a date T: those that it writes, and tonight. A night of an
   earlier date writes again what a later one had dropped. #}
{% macro is_built_health_day(date) -%}
    (
        {{ date }} <= {{ as_of_date() }}
        and (
            {{ date }} > {{ changed_since() }}
            or {{ date }} = {{ as_of_date() }}
            or {{ is_missing_health_day(date) }}
        )
        and {{ is_health_day(date) }}
    )
{%- endmacro %}

{# Whether fct_account_health_daily, as it stands, has no row of a date T. #}
{% macro is_missing_health_day(date) -%}
    {%- set kept = adapter.get_relation(target.database, 'health', 'fct_account_health_daily')
        if execute else none -%}
    {%- if kept -%}
        {{ date }} not in (select kept.as_of_date from {{ kept }} as kept)
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{# Pre-hook of fct_account_health_daily: drops dates that are kept no longer. #}
{% macro delete_past_health_days() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where not {{ is_health_day('as_of_date') }}
    {%- endif -%}
{%- endmacro %}
