{# dbt's table materialization makes a second table, renames two and drops one, and looks the
   columns up twice to comment on them; this engine replaces a table within a transaction (D045). #}
{% materialization table, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and existing.is_view %}
        {%- do adapter.drop_relation(existing) %}
    {%- endif %}
    {%- call statement('main') %}
        drop table if exists {{ target }};
        {{ create_table_as(False, target, sql) }}
    {%- endcall %}
    {%- do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{# All comments of a relation in one statement. A documented column that does not exist is an error
   of the engine, which names it. Columns that are taken over from another model (`columns_of`) keep
   its comments. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {%- set comments = [] -%}
    {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {%- do comments.append(alter_relation_comment(relation, model.description)) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() -%}
        {%- set columns = dict(model.columns) -%}
        {%- set other = model.config.meta.get('columns_of') -%}
        {%- if other -%}
            {%- set key = 'model.' ~ project_name ~ '.' ~ other -%}
            {%- for column in graph.nodes[key].columns.values() -%}
                {%- do columns.setdefault(column.name, column) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- for column in columns.values() if column.description -%}
            {%- do comments.append(
                'comment on column ' ~ relation ~ '.' ~ adapter.quote(column.name) ~ ' is '
                ~ duckdb_escape_comment(column.description) ~ ';'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if comments -%}{%- do run_query(comments | join('\n')) -%}{%- endif -%}
{% endmacro %}
