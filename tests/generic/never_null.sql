{% test never_null(model, column_names) %}

select
    {{ column_names | join(',\n    ') }}
from {{ model }}
where
    {{ column_names | join(' is null\n    or ') }} is null

{% endtest %}
