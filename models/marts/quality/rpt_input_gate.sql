with measured as (

    select * from {{ ref('int_inputs__measured') }}

),

thresholds as (

    select * from {{ ref('gate_thresholds') }}

),

checked as (

    select
        thresholds.check_name,
        thresholds.source_type,
        thresholds.severity,
        measured.measured_value,
        thresholds.comparison,
        thresholds.limit_value,
        -- nothing to measure is no pass: a source without rows is as stale as can be
        coalesce(
            case
                when thresholds.comparison = 'at most'
                    then measured.measured_value <= thresholds.limit_value
                else measured.measured_value >= thresholds.limit_value
            end,
            false
        ) as is_passed,
        thresholds.description || coalesce(': ' || measured.found, '') as detail
    from thresholds
    left join measured
        on thresholds.check_name = measured.check_name
    where
        (measured.measured_value is not null or not thresholds.is_optional)
        {% if var('source_types_off') -%}
        and thresholds.source_type not in ('{{ var("source_types_off") | join("', '") }}')
        {%- endif %}

)

select {{ contract_columns('checked') }}
from checked
