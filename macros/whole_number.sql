{% macro whole_number(text) -%}
    case
        when {{ matches(text, '^ *[+-]?[0-9]{1,18}([.]0*)? *$') }}
            then cast(cast({{ text }} as decimal(38, 12)) as bigint)
    end
{%- endmacro %}
