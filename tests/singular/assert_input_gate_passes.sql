-- A stale event source, or a volume far from what it was, must stop the run before anything is
-- scored; the features depend on the tested model.
select
    checked.check_name,
    checked.measured_value,
    checked.limit_value
from {{ ref('rpt_input_gate') }} as checked
where checked.severity = 'error' and not checked.is_passed
