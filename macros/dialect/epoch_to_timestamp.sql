{% macro epoch_to_timestamp(epoch) %}
    {{- return(adapter.dispatch('epoch_to_timestamp', 'plumbline')(epoch)) -}}
{% endmacro %}

{% macro default__epoch_to_timestamp(epoch) -%}
    make_timestamp({{ epoch_microseconds('try_cast(' ~ epoch ~ ' as double)') }})
{%- endmacro %}

{% macro postgres__epoch_to_timestamp(epoch) -%}
    timezone('UTC', to_timestamp({{ epoch_microseconds(decimal_number(epoch)) }} / 1000000.0))
{%- endmacro %}

{% macro spark__epoch_to_timestamp(epoch) -%}
    cast(
        timestamp_micros({{ epoch_microseconds('try_cast(' ~ epoch ~ ' as double)') }})
        as timestamp_ntz
    )
{%- endmacro %}

{#- From 2000 to 2099 seconds, milliseconds and microseconds are numbers of their own each. -#}
{% macro epoch_microseconds(number) -%}
    case
        when {{ number }} >= 946684800 and {{ number }} < 4102444800
            then cast(round({{ number }} * 1000000) as bigint)
        when {{ number }} >= 946684800000 and {{ number }} < 4102444800000
            then cast(round({{ number }} * 1000) as bigint)
        when {{ number }} >= 946684800000000 and {{ number }} < 4102444800000000
            then cast(round({{ number }}) as bigint)
    end
{%- endmacro %}
