with metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

versions as (

    select * from {{ ref('metric_versions') }}

),

newest as (

    select
        facts.metric_name,
        max(facts.period_start_date) as last_period_start_date
    from {{ ref('metric_values') }} as facts
    group by facts.metric_name

),

final as (

    select
        metrics.*,
        case
            when metrics.grains = 'day' then ''
            when metrics.grains in ('quarter', 'year') then ''
            else '{{ metric_dimensions() | join(', ') }}'
        end as allowed_dimensions,
        newest.last_period_start_date,
        {{ as_of_date() }} as known_until_date,
        versions.changed_date
    from metrics
    left join versions
        on
            metrics.metric_name = versions.metric_name
            and metrics.version = versions.version
    left join newest
        on metrics.metric_name = newest.metric_name

)

select {{ contract_columns('final') }}
from final
