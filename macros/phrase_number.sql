{# A number as a reason shows it, by its style: whole, tenth, hundredth, digits (about two of them),
   percent or percent_below (the share missing to one). #}
{% macro phrase_number(value, style) -%}
    case {{ style }}
        when 'percent' then cast(cast(round(100 * {{ value }}) as integer) as varchar(20))
        when 'percent_below' then
            cast(cast(round(100 - 100 * {{ value }}) as integer) as varchar(20))
        when 'hundredth' then cast(cast({{ value }} as decimal(18, 2)) as varchar(20))
        when 'tenth' then cast(cast({{ value }} as decimal(18, 1)) as varchar(20))
        when 'digits' then
            case
                when {{ value }} = 0 then '0'
                when abs({{ value }}) < 0.095
                    then cast(cast({{ value }} as decimal(18, 2)) as varchar(20))
                when abs({{ value }}) >= 9.95 or abs({{ value }} - round({{ value }})) < 0.05
                    then cast(cast(round({{ value }}) as integer) as varchar(20))
                else cast(cast({{ value }} as decimal(18, 1)) as varchar(20))
            end
        else cast(cast(round({{ value }}) as integer) as varchar(20))
    end
{%- endmacro %}

{# A day in words, with its year where that is not the one of the as-of date: `3 June 2025`. #}
{% macro day_in_words(day) -%}
    cast(cast(extract(day from {{ day }}) as integer) as varchar(2))
    || case cast(extract(month from {{ day }}) as integer)
        {%- for month in ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
            'September', 'October', 'November', 'December'] %}
        when {{ loop.index }} then ' {{ month }}'
        {%- endfor %}
    end
    || case
        when extract(year from {{ day }}) = extract(year from {{ as_of_date() }}) then ''
        else ' ' || cast(cast(extract(year from {{ day }}) as integer) as varchar(4))
    end
{%- endmacro %}

{# A share as a sentence shows it, to a tenth of a percent: `12.4%`; below that, `under 0.1%`. #}
{% macro percent_in_words(share) -%}
    case
        when {{ share }} < 0.001 then 'under 0.1%'
        else cast(cast(100 * {{ share }} as decimal(18, 1)) as varchar(20)) || '%'
    end
{%- endmacro %}

{# What a change of log-odds multiplies the odds by: `x0.85`; from 10 on in whole numbers. #}
{% macro odds_factor(change) -%}
    'x' || case
        when exp({{ change }}) >= 10
            then cast(cast(round(exp({{ change }})) as bigint) as varchar(20))
        else cast(cast(exp({{ change }}) as decimal(18, 2)) as varchar(20))
    end
{%- endmacro %}
