{# A JSON object as text, from expressions of its values by name: each a number, a boolean, another
   JSON text or null; texts through `json_quoted`. #}
{% macro json_object(values) -%}
    '{
    {%- for name, value in values.items() -%}
    "{{ name }}": ' || coalesce(cast({{ value }} as {{ column_type('varchar') }}), 'null')
            || '{{ ', ' if not loop.last }}
    {%- endfor -%}
    }'
{%- endmacro %}
