{%- set components = [
    'gross_retention', 'net_retention', 'risk_free_share', 'quick_ratio', 'engagement',
] -%}
{%- set periods = [('week', 7), ('month', 30), ('quarter', 91), ('year', 365)] -%}

with days as (

    select * from {{ ref('fct_revenue_health_daily') }}
    where revenue_health_index is not null

),

pairs as (
    {% for period, days in periods %}
    select
        '{{ period }}' as period_name,
        {{ add_days(as_of_date(), -days) }} as from_date,
        {{ as_of_date() }} as to_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

ends as (

    select
        pairs.period_name,
        pairs.from_date,
        pairs.to_date,
        later.level_name,
        later.level_value,
        earlier.revenue_health_index as index_from,
        later.revenue_health_index as index_to,
        earlier.known_weight as known_weight_from,
        later.known_weight as known_weight_to,
        earlier.scores_model_version as model_version_from,
        later.scores_model_version as model_version_to
        {%- for component in components %},
        earlier.{{ component }} as {{ component }}_from,
        later.{{ component }} as {{ component }}_to,
        earlier.{{ component }}_points as {{ component }}_points_from,
        later.{{ component }}_points as {{ component }}_points_to,
        earlier.{{ component }}_contribution as {{ component }}_contribution_from,
        later.{{ component }}_contribution as {{ component }}_contribution_to
        {%- endfor %}
    from pairs
    inner join days as later
        on pairs.to_date = later.as_of_date
    inner join days as earlier
        on
            pairs.from_date = earlier.as_of_date
            and later.level_name = earlier.level_name
            and later.level_value = earlier.level_value

),

unpivoted as (
    {% for component in components %}
    select
        ends.period_name,
        ends.from_date,
        ends.to_date,
        ends.level_name,
        ends.level_value,
        ends.index_from,
        ends.index_to,
        ends.known_weight_from,
        ends.known_weight_to,
        '{{ component }}' as component,
        {%- if component == 'risk_free_share' %}
        coalesce(ends.model_version_from <> ends.model_version_to, false) as is_other_model,
        {%- else %}
        false as is_other_model,
        {%- endif %}
        ends.{{ component }}_from as value_from,
        ends.{{ component }}_to as value_to,
        ends.{{ component }}_points_from as points_from,
        ends.{{ component }}_points_to as points_to,
        coalesce(ends.{{ component }}_contribution_to, 0)
        - coalesce(ends.{{ component }}_contribution_from, 0) as change
    from ends
    where ends.{{ component }}_from is not null or ends.{{ component }}_to is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

scales as (

    select
        index_components.*,
        rank() over (order by index_components.version desc) as version_rank
    from {{ ref('index_components') }} as index_components

),

-- what a component did by itself is weighed with the mean of its weights at both ends
own as (

    select
        unpivoted.*,
        case
            when unpivoted.value_from is null or unpivoted.value_to is null then 0
            when unpivoted.known_weight_from = unpivoted.known_weight_to then unpivoted.change
            else cast(
                scales.weight * (unpivoted.points_to - unpivoted.points_from)
                * (1 / unpivoted.known_weight_from + 1 / unpivoted.known_weight_to)
                / 2 as decimal(12, 9)
            )
        end as own_change
    from unpivoted
    inner join scales
        on
            unpivoted.component = scales.component
            and scales.version_rank = 1

),

compared as (

    select
        own.*,
        own.change - own.own_change as reweighting
    from own

)

select * from compared
