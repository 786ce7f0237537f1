{%- set components = [
    'gross_retention', 'net_retention', 'risk_free_share', 'quick_ratio', 'engagement',
] -%}
{%- set levels = [('company', "'all'"), ('segment', 'parts.segment'), ('csm', 'parts.csm_id')] -%}

with parts as (

    select * from {{ ref('fct_revenue_health_parts') }}

),

scales as (

    select
        index_components.*,
        rank() over (order by index_components.version desc) as version_rank
    from {{ ref('index_components') }} as index_components

),

summed as (
    {% for level, value in levels %}
    select
        parts.as_of_date,
        '{{ level }}' as level_name,
        {{ value }} as level_value,
        parts.component,
        {{ ratio('sum(parts.numerator)', 'sum(parts.denominator)') }} as component_value
    from parts
    group by parts.as_of_date, parts.component{{ '' if level == 'company' else ', ' ~ value }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

nights as (

    select
        scored_nights.as_of_date as scores_date,
        max(scored_nights.model_version) as scores_model_version,
        max(case when scored_nights.is_replayed then 1 else 0 end) = 1 as has_replayed_scores
    from {{ ref('fct_scored_nights') }} as scored_nights
    where scored_nights.target = 'churn'
    group by scored_nights.as_of_date

),

counted as (
    {% for level, value in levels %}
    select
        parts.as_of_date,
        '{{ level }}' as level_name,
        {{ value }} as level_value,
        count(distinct parts.account_id) as accounts_count,
        max(parts.scores_date) as scores_date
    from parts
    group by parts.as_of_date{{ '' if level == 'company' else ', ' ~ value }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- a component on its scale, 0 to 100
scaled as (

    select
        summed.*,
        scales.version,
        case when summed.component_value is not null then scales.weight end as weight,
        100 * least(1, greatest(
            0,
            {{ ratio('(summed.component_value - scales.floor_value)',
                '(scales.ceiling_value - scales.floor_value)') }}
        )) as points
    from summed
    inner join scales
        on
            summed.component = scales.component
            and scales.version_rank = 1

),

pivoted as (

    select
        scaled.as_of_date,
        scaled.level_name,
        scaled.level_value,
        max(scaled.version) as scaling_version,
        sum(scaled.weight) as known_weight
        {%- for component in components %},
        max(case when scaled.component = '{{ component }}' then scaled.component_value end)
            as {{ component }},
        max(case
            when scaled.component = '{{ component }}' and scaled.component_value is not null
                then scaled.points
        end) as {{ component }}_points,
        max(case when scaled.component = '{{ component }}' then scaled.weight end)
            as {{ component }}_weight
        {%- endfor %}
    from scaled
    group by scaled.as_of_date, scaled.level_name, scaled.level_value

),

-- rounded before they are added, so that they are the index to the last decimal
contributed as (

    select
        pivoted.*
        {%- for component in components %},
        cast(
            pivoted.{{ component }}_weight * pivoted.{{ component }}_points
            / nullif(pivoted.known_weight, 0) as decimal(12, 9)
        ) as {{ component }}_contribution
        {%- endfor %}
    from pivoted

),

final as (

    select
        contributed.*,
        counted.accounts_count,
        counted.scores_date,
        nights.scores_model_version,
        nights.has_replayed_scores,
        case
            when contributed.known_weight > 0
                then
                    {%- for component in components %}
                    {{ '+ ' if not loop.first -}}
                    coalesce(contributed.{{ component }}_contribution, 0)
                    {%- endfor %}
        end as revenue_health_index
    from contributed
    inner join counted
        on
            contributed.as_of_date = counted.as_of_date
            and contributed.level_name = counted.level_name
            and contributed.level_value = counted.level_value
    left join nights
        on counted.scores_date = nights.scores_date

)

select {{ contract_columns('final') }}
from final
