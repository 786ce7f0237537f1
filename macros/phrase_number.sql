{# A number as a reason shows it, by its style: whole, tenth, hundredth, percent or percent_below
   (the share missing to one). #}
{% macro phrase_number(value, style) -%}
    case {{ style }}
        when 'percent' then cast(cast(round(100 * {{ value }}) as integer) as varchar(20))
        when 'percent_below' then
            cast(cast(round(100 - 100 * {{ value }}) as integer) as varchar(20))
        when 'hundredth' then cast(cast({{ value }} as decimal(18, 2)) as varchar(20))
        when 'tenth' then cast(cast({{ value }} as decimal(18, 1)) as varchar(20))
        else cast(cast(round({{ value }}) as integer) as varchar(20))
    end
{%- endmacro %}
