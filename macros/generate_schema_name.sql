{% macro generate_schema_name(custom_schema_name, node) %}
    {%- if custom_schema_name -%}
        {{ custom_schema_name | trim }}
    {%- elif node.resource_type == 'model' -%}
        {{ node.fqn[2] if node.fqn[1] == 'marts' else node.fqn[1] }}
    {%- else -%}
        {{ target.schema }}
    {%- endif -%}
{% endmacro %}
