-- What people edit of the revenue-health index: each fault is told in words, with the seed.
{%- set components = [
    'gross_retention', 'net_retention', 'risk_free_share', 'quick_ratio', 'engagement',
] %}

with scales as (

    select
        index_components.*,
        'seed index_components, version ' || cast(index_components.version as varchar(20))
            as place
    from {{ ref('index_components') }} as index_components

),

faults as (

    select 'seed index_components: it has no row' as fault_told
    from scales
    having count(*) = 0
    union all
    select
        scales.place || ': the weights sum to ' || {{ shown_number('sum(scales.weight)') }}
        || ', not to 100' as fault_told
    from scales
    group by scales.place
    having sum(scales.weight) <> 100
    union all
    select
        scales.place || ': ' || cast(count(*) as varchar(20))
        || ' of the five components have a row' as fault_told
    from scales
    where scales.component in ('{{ components | join("', '") }}')
    group by scales.place
    having count(*) <> 5
    union all
    select scales.place || ': ' || scales.component || ' is no component' as fault_told
    from scales
    where scales.component not in ('{{ components | join("', '") }}')
    union all
    select
        scales.place || ': the floor of ' || scales.component || ' is not below its ceiling'
            as fault_told
    from scales
    where scales.floor_value >= scales.ceiling_value

)

select faults.fault_told
from faults
