{# A window's total per calendar day, or per day of age where the account is younger. #}
{% macro per_day(total, window_days) -%}
    (
        cast({{ total }} as {{ column_type('double') }})
        / least({{ window_days }}, days.account_age_days)
    )
{%- endmacro %}

{# A ratio whose empty denominator gives NULL, never 0. #}
{% macro ratio(numerator, denominator) -%}
    (cast({{ numerator }} as {{ column_type('double') }}) / nullif({{ denominator }}, 0))
{%- endmacro %}
