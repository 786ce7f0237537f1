{%- set components = [
    'product_usage', 'engagement', 'business_outcomes', 'account_characteristics', 'support',
] -%}

with features as (

    select * from {{ ref('int_account_health_features__scored') }}
    where as_of_date = {{ as_of_date() }}

),

accounts as (

    select * from {{ ref('fct_account_health_daily') }}
    where as_of_date = {{ as_of_date() }}

),

weights as (

    select * from {{ ref('health_weights') }}

),

components as (
    {% for component in components %}
    select
        accounts.account_id,
        '{{ component }}' as component,
        accounts.{{ component }}_contribution as contribution
    from accounts
    where accounts.{{ component }}_contribution is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- the weights of what is known are all there is
weighted as (

    select
        components.account_id,
        components.component,
        components.contribution,
        100 * weights.weight
        / nullif(sum(weights.weight) over (partition by components.account_id), 0) as weight_pct
    from components
    inner join weights
        on components.component = weights.component

),

shared as (

    select
        features.account_id,
        features.as_of_date,
        features.component,
        features.feature_name,
        features.feature_value,
        features.input_status,
        features.points,
        weighted.contribution as component_contribution,
        case
            when features.points is not null
                then
                    weighted.weight_pct * features.weight
                    / sum(case when features.points is not null then features.weight end)
                        over (partition by features.account_id, features.component)
        end as weight_pct
    from features
    left join weighted
        on
            features.account_id = weighted.account_id
            and features.component = weighted.component

),

rounded as (

    select
        shared.*,
        cast(shared.weight_pct * shared.points / 100 as decimal(9, 6)) as rounded_contribution,
        row_number() over (
            partition by shared.account_id, shared.component
            order by coalesce(shared.weight_pct * shared.points, -1) desc, shared.feature_name asc
        ) as size_number
    from shared

),

-- the largest takes what rounding left over: parts add up to the component to the last decimal
settled as (

    select
        rounded.*,
        rounded.rounded_contribution
        + case
            when rounded.size_number = 1
                then
                    rounded.component_contribution
                    - sum(rounded.rounded_contribution)
                        over (partition by rounded.account_id, rounded.component)
            else 0
        end as contribution
    from rounded

),

reported as (

    select
        settled.*,
        settled.weight_pct - settled.contribution as lost_points
    from settled

)

select {{ contract_columns('reported') }}
from reported
