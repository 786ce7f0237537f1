{# A 64-bit hash of a text. Never NULL; two texts may share one. #}
{% macro text_hash(text) %}
    {{- return(adapter.dispatch('text_hash', 'plumbline')(text)) -}}
{% endmacro %}

{% macro default__text_hash(text) -%}
    hash({{ text }})
{%- endmacro %}

{% macro postgres__text_hash(text) -%}
    hashtextextended(coalesce({{ text }}, ''), 0)
{%- endmacro %}

{% macro spark__text_hash(text) -%}
    xxhash64({{ text }})
{%- endmacro %}
