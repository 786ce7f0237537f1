-- Going the bad way, the target comes first, then what is a warning, then what is critical.
with targets as (

    select * from {{ ref('metric_targets') }}

),

signed as (

    select
        targets.*,
        metrics.direction,
        metrics.grains,
        case when metrics.direction = 'down_is_good' then -1 else 1 end as sign
    from targets
    left join {{ ref('metrics_catalogue') }} as metrics
        on targets.metric_name = metrics.metric_name

)

select signed.*
from signed
where
    signed.direction is null
    or signed.direction not in ('up_is_good', 'down_is_good')
    or signed.grains not like '%' || signed.grain || '%'
    or signed.sign * signed.target_value < signed.sign * signed.warning_value
    or signed.sign * signed.warning_value < signed.sign * signed.critical_value
