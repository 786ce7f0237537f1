{%- set levels = [('company', "'all'"), ('segment', 'ended.segment'), ('csm', 'ended.csm_id')] -%}

with compared as (

    select * from {{ ref('int_index_pairs__compared') }}
    where own_change <> 0

),

parts as (

    select * from {{ ref('fct_revenue_health_parts') }}

),

pairs as (

    select
        compared.period_name,
        compared.from_date,
        compared.to_date
    from compared
    group by compared.period_name, compared.from_date, compared.to_date

),

ended as (

    select
        pairs.period_name,
        parts.account_id,
        parts.component,
        parts.segment,
        parts.csm_id,
        parts.as_of_date = pairs.to_date as is_later,
        parts.numerator,
        parts.denominator
    from pairs
    inner join parts
        on pairs.from_date = parts.as_of_date or pairs.to_date = parts.as_of_date

),

levelled as (
    {% for level, value in levels %}
    select
        ended.period_name,
        ended.account_id,
        ended.component,
        '{{ level }}' as level_name,
        {{ value }} as level_value,
        ended.is_later,
        ended.numerator,
        ended.denominator
    from ended
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

totalled as (

    select
        levelled.period_name,
        levelled.component,
        levelled.level_name,
        levelled.level_value,
        sum(case when levelled.is_later then 0 else levelled.denominator end) as denominator_from,
        sum(case when levelled.is_later then levelled.denominator else 0 end) as denominator_to
    from levelled
    group by
        levelled.period_name, levelled.component, levelled.level_name, levelled.level_value

),

joined as (

    select
        levelled.period_name,
        levelled.account_id,
        levelled.component,
        levelled.level_name,
        levelled.level_value,
        sum(case when levelled.is_later then 0 else levelled.numerator end) as numerator_from,
        sum(case when levelled.is_later then levelled.numerator else 0 end) as numerator_to,
        sum(case when levelled.is_later then 0 else levelled.denominator end) as denominator_from,
        sum(case when levelled.is_later then levelled.denominator else 0 end) as denominator_to,
        max(case when levelled.is_later then 0 else 1 end) as was_here,
        max(case when levelled.is_later then 1 else 0 end) as is_here
    from levelled
    group by
        levelled.period_name, levelled.account_id, levelled.component, levelled.level_name,
        levelled.level_value

),

-- whoever is here at one end only is elsewhere at the other, or nowhere
placed as (

    select
        joined.*,
        max(joined.was_here) over (
            partition by
                joined.period_name, joined.account_id, joined.component, joined.level_name
        ) as was_anywhere,
        max(joined.is_here) over (
            partition by
                joined.period_name, joined.account_id, joined.component, joined.level_name
        ) as is_anywhere
    from joined

),

-- the change of a ratio N/D is the sum over accounts of (dN - r dD) / D, with r and D the means of
-- both ends; through the scale it goes by the slope between them
shared as (

    select
        placed.period_name,
        compared.from_date,
        compared.to_date,
        placed.level_name,
        placed.level_value,
        placed.component,
        placed.account_id,
        case
            when placed.was_here = 1 and placed.is_here = 1 then 'changed'
            when placed.is_here = 1 and placed.was_anywhere = 1 then 'moved in'
            when placed.is_here = 1 then 'joined'
            when placed.is_anywhere = 1 then 'moved out'
            else 'left'
        end as what_changed,
        placed.numerator_from,
        placed.numerator_to,
        placed.denominator_from,
        placed.denominator_to,
        compared.own_change,
        cast(
            compared.own_change / (compared.value_to - compared.value_from)
            * (
                placed.numerator_to - placed.numerator_from
                - (compared.value_from + compared.value_to) / 2
                * (placed.denominator_to - placed.denominator_from)
            )
            / (
                (totalled.denominator_from + totalled.denominator_to) / 2
            ) as decimal(12, 9)
        ) as rounded_contribution
    from placed
    inner join compared
        on
            placed.period_name = compared.period_name
            and placed.level_name = compared.level_name
            and placed.level_value = compared.level_value
            and placed.component = compared.component
    inner join totalled
        on
            placed.period_name = totalled.period_name
            and placed.level_name = totalled.level_name
            and placed.level_value = totalled.level_value
            and placed.component = totalled.component

),

ranked as (

    select
        shared.*,
        sum(shared.rounded_contribution) over (
            partition by
                shared.period_name, shared.level_name, shared.level_value, shared.component
        ) as rounded_change,
        row_number() over (
            partition by
                shared.period_name, shared.level_name, shared.level_value, shared.component
            order by abs(shared.rounded_contribution) desc, shared.account_id asc
        ) as size_number
    from shared

),

-- the largest takes what rounding left over: parts add up to the driver to the last decimal
split as (

    select
        ranked.*,
        ranked.rounded_contribution
        + case
            when ranked.size_number = 1 then ranked.own_change - ranked.rounded_change
            else 0
        end as contribution
    from ranked

)

select * from split
where contribution <> 0
