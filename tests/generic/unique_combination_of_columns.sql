{% test unique_combination_of_columns(
    model, combination_of_columns, never_null=[], new_by=none
) %}

{%- set filled = combination_of_columns + never_null %}

select
    {{ combination_of_columns | join(',\n    ') }},
    count(*) as row_count,
    max({{ null_columns(filled) }}) as null_columns
from {{ model }}
{%- if new_by %}
where {{ new_by }} >= {{ tested_since() }} or {{ new_by }} is null
{%- endif %}
group by
    {{ combination_of_columns | join(',\n    ') }}
having
    count(*) > 1
    or max({{ null_columns(filled) }}) is not null

{% endtest %}
