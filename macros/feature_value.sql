{# The value of the feature that `name` names, in the row of features.feat_accounts_daily that the
   relation `row` holds: the features come from that model's YAML. NULL for other names. #}
{% macro feature_value(name, row) -%}
    case {{ name }}
    {%- for feature in declared_features() %}
        when '{{ feature }}' then {{ row }}.{{ feature }}
    {%- endfor %}
    end
{%- endmacro %}

{# The source type of the feature that `name` names. NULL for other names. #}
{% macro feature_source_type(name) -%}
    case {{ name }}
    {%- for feature, source_type in declared_features().items() %}
        when '{{ feature }}' then '{{ source_type }}'
    {%- endfor %}
    end
{%- endmacro %}

{# The features of features.feat_accounts_daily with their source types; empty while dbt parses. #}
{% macro declared_features() -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for column in graph.nodes['model.plumbline.feat_accounts_daily'].columns.values() -%}
            {%- set meta = column.config.meta if column.config else column.meta -%}
            {%- if meta.get('feature') -%}
                {%- do found.update({column.name: meta.source_type}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
