{# Pre-hook of incremental models: drops the rows that this build writes again. `column` is a date;
   rows of `changed_since` and later go, and with them what a build for a later day left. #}
{% macro delete_known_since(column, days_later=0) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where {{ column }} >= {{ add_days(changed_since(), days_later) }}
    {%- endif -%}
{%- endmacro %}
