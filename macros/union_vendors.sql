{% macro union_vendors(base_models, landed_column=none, one_per=none) %}
    {#- dbt learns the graph from the refs; columns and the graph itself are known later. -#}
    {%- set vendors = var('vendors') -%}
    {%- if vendors is string or vendors is mapping or vendors is not iterable -%}
        {{ exceptions.raise_compiler_error(
            "The var vendors must be a list of folders of models/base, for instance"
            ~ " --vars '{vendors: [product, stripe]}'; it is " ~ vendors | string ~ "."
        ) }}
    {%- endif -%}
    {%- set relations = [] -%}
    {%- for vendor, base_model in base_models.items() if vendor in vendors -%}
        {%- do relations.append(ref(base_model)) -%}
    {%- endfor -%}

    {%- if execute -%}
    {#- A unit test knows neither graph nor contract: its rows pass as they are. -#}
    {%- set columns = model.columns.values() | list -%}
    {%- set sources = graph.get('sources', {}).values() | map(attribute='source_name') | list -%}
    {%- for vendor in vendors if columns and vendor not in sources -%}
        {{ exceptions.raise_compiler_error(
            "The var vendors names '" ~ vendor ~ "', and no source has that name. Correct the"
            ~ " spelling, or add models/base/" ~ vendor ~ "/_" ~ vendor ~ "__sources.yml."
        ) }}
    {%- endfor -%}

    {#- Of rows that differ where one is meant, the first known; of those the greatest, column by
        column, so that every night takes the same one. -#}
    {%- set takes_one = one_per and columns and relations -%}
    {%- if takes_one %}
select
    {%- for column in columns %}
    numbered.{{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select
        united.*,
        row_number() over (
            partition by {{ one_per | join(', ') }}
            order by known_at asc
            {%- for column in columns if column.name not in one_per + ['known_at'] -%}
            , {{ column.name }} desc nulls last
            {%- endfor %}
        ) as content_number
    from (
    {%- endif %}

    {%- for relation in relations %}
select
    {%- for column in columns %}
    {%- set value = 'source.' ~ column.name %}
    {%- set value = crm_account_id(value) if column.name == 'account_id' else value %}
    cast({{ value }} as {{ column_type(column.data_type) }}) as {{ column.name }}
        {{- ',' if not loop.last }}
    {%- else %}
    source.*
    {%- endfor %}
from {{ relation }} as source
where
    source.known_at < {{ as_of_date() }}
    {%- if landed_column %}
    and source.{{ landed_column }} < {{ as_of_date() }}
    {%- endif %}
        {%- if not loop.last %}

union all
        {% endif %}
    {%- endfor -%}

    {%- if takes_one %}

    ) as united
) as numbered
where numbered.content_number = 1
    {%- endif %}

    {%- if not relations %}
select
    {%- for column in columns %}
    cast(null as {{ column_type(column.data_type) }}) as {{ column.name }}
        {{- ',' if not loop.last }}
    {%- endfor %}
where 1 = 0
    {%- endif -%}
    {%- endif -%}
{% endmacro %}
