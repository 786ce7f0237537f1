{# The model's columns, each cast to the type of its contract, read from the CTE `source`. #}
{% macro contract_columns(source) -%}
    {%- for column in model.columns.values() %}
    cast({{ source }}.{{ column.name }} as {{ column_type(column.data_type) }}) as {{ column.name }}
        {{- ',' if not loop.last }}
    {%- endfor %}
    {#- a unit test of a model does not see the model's columns -#}
    {%- if model.resource_type == 'unit_test' %} {{ source }}.*{% endif %}
{%- endmacro %}
