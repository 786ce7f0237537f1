{% set metrics = declared_metrics() -%}
-- Every value is read from the project's own graph when it is built: nothing here can drift.
with declared as (

    select listed.*
    from (
        values
        {%- for metric in metrics %}
        ({{ metric.values() | join(', ') }})
            {{- ',' if not loop.last }}
        {%- endfor %}
    ) as listed {{ '(' ~ (metrics[0] if metrics else model.columns) | join(', ') ~ ')' }}

),

versions as (

    select * from {{ ref('metric_versions') }}

),

dated as (

    select
        declared.*,
        versions.changed_date
    from declared
    left join versions
        on
            declared.metric_name = versions.metric_name
            and declared.version = versions.version

)

select * from dated
