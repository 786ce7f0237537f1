{#- No engine refuses quietly what the pattern lets pass: 16 digits and one of exponent fit. -#}
{% macro decimal_number(text) -%}
    case
        when {{ matches(
            text, '^ *[+-]?([0-9]{1,16}([.][0-9]*)?|[.][0-9]+)([eE][+-]?0?[0-9])? *$'
        ) }}
            then cast({{ text }} as decimal(38, 12))
    end
{%- endmacro %}
