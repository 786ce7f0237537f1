{# Whether the revenue-health index is told for a date T: for each of the last `health_daily_days`,
   for the days that tonight is compared with, for the Mondays of a quarter and the first days of
   the months that readers get. #}
{% macro is_index_day(date) -%}
    (
        {{ date }} <= {{ as_of_date() }}
        and (
            {{ date }} > {{ add_days(as_of_date(), -var('health_daily_days')) }}
            or {{ date }} = {{ add_days(as_of_date(), -91) }}
            or {{ date }} = {{ add_days(as_of_date(), -365) }}
            or (
                {{ date }} > {{ add_days(as_of_date(), -91) }}
                -- 1 January 1900 was a Monday
                and mod({{ days_between("cast('1900-01-01' as date)", date) }}, 7) = 0
            )
            or (
                {{ date }} > {{ add_days(as_of_date(), -var('publish_days')) }}
                and {{ date }} = {{ month_start(date) }}
            )
        )
    )
{%- endmacro %}
