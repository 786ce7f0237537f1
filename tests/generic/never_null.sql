{% test never_null(model, column_names, new_by=none) %}

select {{ null_columns(column_names) }} as null_columns
from {{ model }}
where
    (
        {{ column_names | join(' is null\n        or ') }} is null
    )
    {%- if new_by %}
    and ({{ new_by }} >= {{ tested_since() }} or {{ new_by }} is null)
    {%- endif %}

{% endtest %}
