{# Whole seconds since 1970 of a UTC timestamp without a zone. #}
{% macro timestamp_to_epoch(timestamp) %}
    {{- return(adapter.dispatch('timestamp_to_epoch', 'plumbline')(timestamp)) -}}
{% endmacro %}

{% macro default__timestamp_to_epoch(timestamp) -%}
    cast(floor(extract(epoch from {{ timestamp }})) as bigint)
{%- endmacro %}

{% macro spark__timestamp_to_epoch(timestamp) -%}
    unix_timestamp({{ timestamp }})
{%- endmacro %}
