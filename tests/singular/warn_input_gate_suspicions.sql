-- A null rate over 5% or a stale side source is a suspicion, not yet a wrong number.
{{ config(severity='warn') }}

select
    checked.check_name,
    checked.measured_value,
    checked.limit_value
from {{ ref('rpt_input_gate') }} as checked
where checked.severity = 'warn' and not checked.is_passed
