{#- A raw table as its sources YAML declares it; files lie as they were delivered. Where a sync tool
    delivers the vendor, the model that brings its layout to the native one stands for the table. -#}
{% macro landed(source_name, table_name) %}
    {%- set tool = var('landed_by').get(source_name) -%}
    {%- if tool -%}
        {{- 'select * from ' ~ ref('base_' ~ source_name ~ '__' ~ tool ~ '_' ~ table_name) -}}
    {%- else -%}
        {{- declared_columns(source_name, table_name) -}}
    {%- endif -%}
{% endmacro %}

{% macro declared_columns(source_name, table_name) %}
    {%- set relation = source(source_name, table_name) -%}
    {%- set declared = [] -%}
    {#- A unit test has no sources: its rows pass as they are. -#}
    {%- if execute -%}
        {%- for node in graph.get('sources', {}).values()
                if node.source_name == source_name and node.name == table_name -%}
            {%- do declared.extend(node.columns.values()) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- adapter.dispatch('landed', 'plumbline')(relation, declared) -}}
{% endmacro %}

{% macro default__landed(relation, columns) -%}
    {%- if not columns -%}
    select * from {{ relation }}
    {%- else -%}
    select
        {%- for column in columns %}
        cast(landed.{{ column.name | lower }} as {{ column_type(column.data_type) }})
            as {{ column.name | lower }}
            {{- ',' if not loop.last }}
        {%- endfor %}
    from (
        select * from {{ relation }}
        union all by name
        select
            {%- for column in columns %}
            cast(null as {{ column_type(column.data_type) }}) as {{ column.name | lower }}
                {{- ',' if not loop.last }}
            {%- endfor %}
        where 1 = 0
    ) as landed
    {%- endif -%}
{%- endmacro %}

{#- Tables that a loader filled have the declared columns and types already. -#}
{% macro postgres__landed(relation, columns) -%}
    select * from {{ relation }}
{%- endmacro %}

{% macro spark__landed(relation, columns) -%}
    select * from {{ relation }}
{%- endmacro %}
