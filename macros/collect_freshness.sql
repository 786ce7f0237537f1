{# dbt's freshness measures against the clock; here staleness is measured against the as-of date. #}
{% macro default__collect_freshness(source, loaded_at_field, filter) %}
    {%- call statement('collect_freshness', fetch_result=True, auto_begin=False) %}
        select
            max({{ loaded_at_field }}) as max_loaded_at,
            {{ as_of_midnight() }} as snapshotted_at
        from {{ source }}
        {%- if filter %}
        where {{ filter }}
        {%- endif %}
    {%- endcall %}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}
