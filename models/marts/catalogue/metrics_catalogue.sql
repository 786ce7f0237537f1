with metrics as (

    select * from {{ ref('int_metrics__declared') }}

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
            when metrics.grains like '%month%' then '{{ metric_dimensions() | join(', ') }}'
            else ''
        end as allowed_dimensions,
        newest.last_period_start_date,
        {{ as_of_date() }} as known_until_date
    from metrics
    left join newest
        on metrics.metric_name = newest.metric_name

)

select {{ contract_columns('final') }}
from final
