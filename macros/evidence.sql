{# A feature of `days` in words: a number by its style (`phrase_number`), or what stands for
   none. #}
{% macro evidence_number(feature, style='whole', nothing='0') -%}
    coalesce({{ phrase_number('days.' ~ feature, "'" ~ style ~ "'") }}, '{{ nothing }}')
{%- endmacro %}

{# The same as a share in percent. #}
{% macro evidence_share(feature, nothing) -%}
    coalesce({{ phrase_number('days.' ~ feature, "'percent'") }} || '%', '{{ nothing }}')
{%- endmacro %}
