{# Which of several columns are null in a row, as text with a blank before each name; null where
   none is. What a failed test shows. #}
{% macro null_columns(column_names) -%}
    case
        when {{ column_names | join(' is null or ') }} is null
            then ''
                {%- for name in column_names %}
                || case when {{ name }} is null then ' {{ name }}' else '' end
                {%- endfor %}
    end
{%- endmacro %}
