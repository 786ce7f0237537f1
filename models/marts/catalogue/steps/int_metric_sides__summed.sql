with parts as (

    select * from {{ ref('int_metric_parts__summed') }}

),

declared as (

    select * from {{ ref('int_metric_parts__declared') }}

),

weighted as (

    select
        declared.metric_name,
        declared.side,
        parts.grain,
        parts.period_start_date,
        parts.dimension_name,
        parts.dimension_value,
        -- a sum over scores that nobody made is not known to be 0
        case
            when declared.source_type <> 'predictions' or declared.calculation <> 'sum' then 0
        end as amount_without_row,
        declared.weight
        * case when declared.over_time = 'sum' then parts.amount else parts.last_amount end
            as amount
    from declared
    inner join parts
        on
            declared.part_name = parts.part_name
            and declared.grains like '%' || parts.grain || '%'
            -- nobody watched what began before the first export
            and declared.observed_from_date <= parts.period_start_date

),

-- no row is no event: a missing amount is 0, but for sums over scores
summed as (

    select
        weighted.metric_name,
        weighted.grain,
        weighted.period_start_date,
        weighted.dimension_name,
        weighted.dimension_value
        {%- for side in metric_sides() %},
        cast(
            coalesce(
                sum(case when weighted.side = '{{ side }}' then weighted.amount end),
                max(weighted.amount_without_row)
            )
            as {{ column_type('double') }}
        ) as {{ side }}
        {%- endfor %}
    from weighted
    group by
        weighted.metric_name,
        weighted.grain,
        weighted.period_start_date,
        weighted.dimension_name,
        weighted.dimension_value

)

select * from summed
