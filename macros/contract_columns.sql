{# The model's columns, each cast to the type of its contract, read from the CTE `source`. #}
{% macro contract_columns(source) -%}
    {#- In a unit test `model` is the test; the columns are those of the model that it tests. -#}
    {%- set tested = graph.nodes.get(model.get('tested_node_unique_id')) if execute -%}
    {%- for column in (tested or model).columns.values() %}
    cast({{ source }}.{{ column.name }} as {{ column_type(column.data_type) }}) as {{ column.name }}
        {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
