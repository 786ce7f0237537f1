{# When a load of dlt began, from its id: epoch seconds with a fraction, as text. #}
{% macro load_time(load_id) -%}
    {{ epoch_to_timestamp("split_part(" ~ load_id ~ ", '.', 1)") }}
{%- endmacro %}
