{#- A raw table as its sources YAML declares it; files lie as they were delivered. Where a sync
    tool delivers the vendor, the model that brings its layout to the native one stands for it
    (D014). -#}
{% macro landed(source_name, table_name, more_columns=[]) %}
    {%- set tool = var('landed_by').get(source_name) -%}
    {%- if tool -%}
        {{- 'select * from ' ~ ref('base_' ~ source_name ~ '__' ~ tool ~ '_' ~ table_name) -}}
    {%- else -%}
        {{- declared_columns(source_name, table_name, more_columns) -}}
    {%- endif -%}
{% endmacro %}

{% macro declared_columns(source_name, table_name, more_columns=[]) %}
    {%- set relation = source(source_name, table_name) -%}
    {%- set declared = [] -%}
    {#- A unit test has no sources: its rows pass as they are. -#}
    {%- if execute -%}
        {%- for node in graph.get('sources', {}).values()
                if node.source_name == source_name and node.name == table_name -%}
            {%- do declared.extend(node.columns.values()) -%}
            {%- for name in more_columns if name not in node.columns -%}
                {%- do declared.append({'name': name, 'data_type': 'varchar'}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{- adapter.dispatch('landed', 'plumbline')(
        none if source_name ~ '.' ~ table_name in var('tables_absent') else relation, declared
    ) -}}
{% endmacro %}

{% macro default__landed(relation, columns) -%}
    {%- if not columns -%}
    select * from {{ relation }}
    {%- else -%}
    select
        {%- for column in columns %}
        {{ landed_value(column, 'read_csv' in relation | string) }} as {{ column.name | lower }}
            {{- ',' if not loop.last }}
        {%- endfor %}
    from (
        {%- if relation is not none %}
        select * from {{ relation }}
        union all by name
        {%- endif %}
        select
            {%- for column in columns %}
            cast(null as {{ column_type(column.data_type) }}) as {{ column.name | lower }}
                {{- ',' if not loop.last }}
            {%- endfor %}
        where 1 = 0
    ) as landed
    {%- endif -%}
{%- endmacro %}

{#- In a file of text a number is never rounded, and the offset of a moment is never dropped.
    What some libraries write for a missing number (nan) would make a sum of it. -#}
{% macro landed_value(column, is_text) -%}
    {%- set value = 'landed.' ~ column.name | lower -%}
    {%- if is_text and column.data_type in ('integer', 'bigint') -%}
        {%- set value = whole_number(value) -%}
    {%- elif is_text and column.data_type == 'double' -%}
        {%- set value = decimal_number(value) -%}
    {%- elif is_text and column.data_type == 'timestamp' -%}
        {%- set value = 'cast(' ~ value ~ ' as timestamp with time zone)' -%}
    {%- endif -%}
    {%- set type = column_type(column.data_type) -%}
    {%- if column.data_type == 'double' -%}
    nullif(cast({{ value }} as {{ type }}), cast('nan' as {{ type }}))
    {%- else -%}
    cast({{ value }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{#- Tables that a loader filled have the declared columns and types already. -#}
{% macro postgres__landed(relation, columns) -%}
    select * from {{ relation }}
{%- endmacro %}

{% macro spark__landed(relation, columns) -%}
    select * from {{ relation }}
{%- endmacro %}
