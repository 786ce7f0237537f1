{{ config(group='catalogue', meta={'guards': 'values'}) }}
-- A sum is its numerator, a ratio its numerator over its denominator and NULL where that is 0.
-- (Lifetimes, differences and annualised rates have more in them than the two sides shown.)
with metrics as (

    select * from {{ ref('int_metrics__declared') }}

),

sides as (

    select
        facts.metric_name,
        facts.grain,
        facts.period_start_date,
        facts.dimension_name,
        facts.dimension_value,
        facts.value,
        facts.numerator,
        facts.denominator,
        metrics.calculation,
        metrics.source_type,
        case metrics.calculation
            when 'sum' then facts.numerator
            when 'ratio' then facts.numerator / nullif(facts.denominator, 0)
        end as expected
    from {{ ref('metric_values') }} as facts
    inner join metrics
        on facts.metric_name = metrics.metric_name

)

select sides.*
from sides
where
    -- only a sum over scores that nobody made is unknown
    (
        sides.numerator is null
        and (sides.source_type <> 'predictions' or sides.calculation <> 'sum')
    )
    or (sides.denominator is null) <> (sides.calculation = 'sum')
    or (
        sides.calculation in ('sum', 'ratio')
        and (
            (sides.value is null) <> (sides.expected is null)
            or abs(sides.value - sides.expected) > 0.000000001 * abs(sides.expected)
        )
    )
