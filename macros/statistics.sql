{# The z that a standard normal value exceeds with probability `tail`, above 0 and at most a half;
   wrong by at most 0.00045.
   Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, formula 26.2.23. #}
{% macro normal_quantile(tail) -%}
    {%- set t = 'sqrt(-2 * ln(cast(' ~ tail ~ ' as ' ~ column_type('double') | trim ~ ')))' -%}
    (
        {{ t }}
        - (2.515517 + 0.802853 * {{ t }} + 0.010328 * {{ t }} * {{ t }})
        / (
            1 + 1.432788 * {{ t }} + 0.189269 * {{ t }} * {{ t }}
            + 0.001308 * {{ t }} * {{ t }} * {{ t }}
        )
    )
{%- endmacro %}

{# The probability that a standard normal value is below `z`; wrong by at most 0.00014.
   Source: E. Page, Approximations to the cumulative normal function and its inverse, Applied
   Statistics 26, 1977. #}
{% macro normal_probability(z) -%}
    (1 / (1 + exp(-1.5976 * {{ z }} * (1 + 0.04417 * {{ z }} * {{ z }}))))
{%- endmacro %}

{# One end of the score interval of a share of `hits` among `trials`: `side` is - or +. NULL where
   there is no trial.
   Source: E. B. Wilson, Probable inference, Journal of the American Statistical Association 22,
   1927. #}
{% macro wilson_bound(hits, trials, z, side) -%}
    (
        (
            {{ hits }} + {{ z }} * {{ z }} / 2.0
            {{ side }} {{ z }} * sqrt(
                {{ hits }} * (1 - {{ hits }} / cast(
                    nullif({{ trials }}, 0) as {{ column_type('double') | trim }}
                )) + {{ z }} * {{ z }} / 4.0
            )
        ) / nullif({{ trials }} + {{ z }} * {{ z }}, 0)
    )
{%- endmacro %}

{# A number as text with three decimals, as evidence shows it. #}
{% macro shown_number(value) -%}
    cast(cast({{ value }} as decimal(18, 3)) as varchar(20))
{%- endmacro %}

{# A sum that does not depend on the order of the rows, as a sum of doubles does in its last bits:
   each amount is taken with twelve decimals. #}
{% macro exact_sum(amount) -%}
    cast(
        sum(cast({{ amount }} as decimal(38, 12))) as {{ column_type('double') | trim }}
    )
{%- endmacro %}

{# The mean by `exact_sum`; NULL where there is no amount. #}
{% macro exact_mean(amount) -%}
    ({{ exact_sum(amount) }} / nullif(count({{ amount }}), 0))
{%- endmacro %}

{# The variance of a sample by `exact_sum`; NULL below two amounts. For amounts of about 1. #}
{% macro exact_variance(amount) -%}
    case
        when count({{ amount }}) > 1
            then greatest(
                0,
                {{ exact_sum('(' ~ amount ~ ') * (' ~ amount ~ ')') }}
                - {{ exact_sum(amount) }} * {{ exact_mean(amount) }}
            ) / (count({{ amount }}) - 1)
    end
{%- endmacro %}
