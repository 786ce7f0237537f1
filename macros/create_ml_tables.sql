{# On-run-start hook: creates the schemas and empty tables of the sources that the Python layer
   writes (`config.meta.written_by_python: true`), from their column lists, so that models can read
   them before anything was written. Returns statements. #}
{% macro create_ml_tables() %}
    {%- if execute -%}
    {%- set tables = [] -%}
    {%- for table in graph.sources.values() if table.source_meta.get('written_by_python')
        or table.config.meta.get('written_by_python') -%}
        {%- do tables.append(table) -%}
    {%- endfor -%}
    {%- for schema in tables | map(attribute='schema') | unique | sort %}
create schema if not exists {{ schema }};
    {%- endfor -%}
    {%- for table in tables | sort(attribute='unique_id') %}
create table if not exists {{ table.relation_name }} (
    {%- for column in table.columns.values() %}
    {{ column.name }} {{ column_type(column.data_type) }}
        {{- ',' if not loop.last }}
    {%- endfor %}
);
    {%- endfor -%}
    {%- endif -%}
{% endmacro %}
