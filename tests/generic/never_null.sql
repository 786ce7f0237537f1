{% test never_null(model, column_names) %}

select {{ null_columns(column_names) }} as null_columns
from {{ model }}
where
    {{ column_names | join(' is null\n    or ') }} is null

{% endtest %}
