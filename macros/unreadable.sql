{# The first column of a row that could not be read, with its value where it is a time; NULL where
   all could. Values of other columns may hold names, so they are not repeated. #}
{% macro unreadable_columns(conditions) -%}
case
            {%- for name, condition in conditions.items() %}
            when {{ condition }} then '{{ name }}'
            {%- endfor %}
        end
{%- endmacro %}

{% macro unreadable_json(column) -%}
{{ column }} is not null and {{ column }} <> '' and {{ readable_json(column) }} is null
{%- endmacro %}

{% macro unreadable_epoch(column, is_required=false) -%}
{{ epoch_to_timestamp(column) }} is null
{%- if not is_required %} and {{ column }} is not null{% endif %}
{%- endmacro %}
