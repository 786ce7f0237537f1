{% macro epoch_to_timestamp(epoch_seconds) %}
    {{- return(adapter.dispatch('epoch_to_timestamp', 'plumbline')(epoch_seconds)) -}}
{% endmacro %}

{% macro default__epoch_to_timestamp(epoch_seconds) -%}
    make_timestamp(cast({{ epoch_seconds }} as bigint) * 1000000)
{%- endmacro %}

{% macro postgres__epoch_to_timestamp(epoch_seconds) -%}
    timezone('UTC', to_timestamp(cast({{ epoch_seconds }} as bigint)))
{%- endmacro %}

{% macro spark__epoch_to_timestamp(epoch_seconds) -%}
    cast(timestamp_seconds(cast({{ epoch_seconds }} as bigint)) as timestamp_ntz)
{%- endmacro %}
