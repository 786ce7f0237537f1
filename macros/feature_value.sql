{# The value of the feature that `name` names, in the row of features.feat_accounts_daily that the
   relation `row` holds: the features come from that model's YAML. NULL for other names. #}
{% macro feature_value(name, row) -%}
    case {{ name }}
    {%- if execute %}
        {%- for column in graph.nodes['model.plumbline.feat_accounts_daily'].columns.values() %}
            {%- if (column.config.meta if column.config else column.meta).get('feature') %}
        when '{{ column.name }}' then {{ row }}.{{ column.name }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    end
{%- endmacro %}
