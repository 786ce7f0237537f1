{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook=["{{ delete_known_since('as_of_date', 1) }}", "{{ delete_past_health_days() }}"]
    )
}}

{%- set components = [
    'product_usage', 'engagement', 'business_outcomes', 'account_characteristics', 'support',
] %}

with features as (

    select * from {{ ref('int_account_health_features__scored') }}
    {%- if is_incremental() %}
    where as_of_date not in (select kept.as_of_date from {{ this }} as kept)
    {%- endif %}

),

weights as (

    select
        {%- for component in components %}
        max(case when health_weights.component = '{{ component }}' then health_weights.weight end)
            as {{ component }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('health_weights') }} as health_weights

),

rules as (

    select health_rules.rule_value as smallest_coverage_pct
    from {{ ref('health_rules') }} as health_rules
    where health_rules.rule_name = 'smallest_coverage'

),

bands as (

    select
        health_score_bands.health_band,
        health_score_bands.min_score,
        lead(health_score_bands.min_score) over (
            order by health_score_bands.min_score
        ) as next_min_score
    from {{ ref('health_score_bands') }} as health_score_bands

),

overrides as (

    select * from {{ ref('health_overrides') }}

),

summed as (

    select
        features.account_id,
        features.as_of_date,
        features.life_number,
        features.segment,
        features.lifecycle_stage
        {%- for component in components %},
        sum(case when features.component = '{{ component }}' then features.weight end)
            as {{ component }}_asked,
        sum(case
            when features.component = '{{ component }}' and features.points is not null
                then features.weight
        end) as {{ component }}_known,
        sum(case
            when features.component = '{{ component }}' then features.weight * features.points
        end) as {{ component }}_weighted
        {%- endfor %}
    from features
    group by
        features.account_id, features.as_of_date, features.life_number, features.segment,
        features.lifecycle_stage

),

-- a component is as good as those of its features that are known
componented as (

    select
        summed.account_id,
        summed.as_of_date,
        summed.life_number,
        summed.segment,
        summed.lifecycle_stage
        {%- for component in components %},
        {{ ratio('summed.' ~ component ~ '_weighted', 'summed.' ~ component ~ '_known') }}
            as {{ component }}_score,
        weights.{{ component }} as {{ component }}_weight
        {%- endfor %},
        {%- for component in components %}
        {{ '+ ' if not loop.first -}}
        case when summed.{{ component }}_known is not null then weights.{{ component }} else 0 end
        {%- endfor %} as weight_known,
        100 * (
            {%- for component in components %}
            {{ '+ ' if not loop.first -}}
            weights.{{ component }} * coalesce(
                {{ ratio('summed.' ~ component ~ '_known', 'summed.' ~ component ~ '_asked') }}, 0
            )
            {%- endfor %}
        ) / nullif(
            {%- for component in components %}
            {{ '+ ' if not loop.first -}}
            case
                when summed.{{ component }}_asked is not null then weights.{{ component }} else 0
            end
            {%- endfor %}, 0
        ) as coverage_pct
    from summed
    cross join weights

),

-- rounded before they are added, so that they are the score to the last decimal
contributed as (

    select
        componented.*
        {%- for component in components %},
        case
            when componented.coverage_pct >= rules.smallest_coverage_pct
                then cast(
                    componented.{{ component }}_weight * componented.{{ component }}_score
                    / nullif(componented.weight_known, 0) as decimal(9, 6)
                )
        end as {{ component }}_contribution
        {%- endfor %},
        componented.coverage_pct >= rules.smallest_coverage_pct as is_covered
    from componented
    cross join rules

),

computed as (

    select
        contributed.*,
        case
            when contributed.is_covered
                then
                    {%- for component in components %}
                    {{ '+ ' if not loop.first -}}
                    coalesce(contributed.{{ component }}_contribution, 0)
                    {%- endfor %}
        end as computed_score
    from contributed

),

overridden as (

    select
        computed.*,
        overrides.account_id is not null as is_overridden,
        coalesce(cast(overrides.health_score as decimal(9, 6)), computed.computed_score)
            as health_score,
        overrides.health_band as override_band
    from computed
    left join overrides
        on
            computed.account_id = overrides.account_id
            and computed.as_of_date >= overrides.from_date
            and computed.as_of_date < overrides.expires_date

),

banded as (

    select
        overridden.*,
        coalesce(computed_bands.health_band, 'insufficient data') as computed_band,
        coalesce(overridden.override_band, bands.health_band, 'insufficient data') as health_band
    from overridden
    left join bands
        on
            overridden.health_score >= bands.min_score
            and (overridden.health_score < bands.next_min_score or bands.next_min_score is null)
    left join bands as computed_bands
        on
            overridden.computed_score >= computed_bands.min_score
            and (
                overridden.computed_score < computed_bands.next_min_score
                or computed_bands.next_min_score is null
            )

)

select {{ contract_columns('banded') }}
from banded
