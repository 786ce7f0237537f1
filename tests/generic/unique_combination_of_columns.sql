{% test unique_combination_of_columns(model, combination_of_columns) %}

select
    {{ combination_of_columns | join(',\n    ') }},
    count(*) as row_count
from {{ model }}
group by
    {{ combination_of_columns | join(',\n    ') }}
having
    count(*) > 1
    {%- for column_name in combination_of_columns %}
    or {{ column_name }} is null
    {%- endfor %}

{% endtest %}
