{# The var `labels` with days instead of names of vars: label to population, horizon_days,
   known_after_days, otherwise (D168). #}
{% macro declared_labels() -%}
    {%- set found = {} -%}
    {%- for name, label in var('labels').items() -%}
        {%- set horizon_days = var(label.horizon) -%}
        {%- set settling_days = var(label.settling) if label.settling else 0 -%}
        {%- do found.update({name: {
            'population': label.population,
            'horizon_days': horizon_days,
            'known_after_days': horizon_days + settling_days,
            'otherwise': label.get('otherwise', 'null'),
        }}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# A label of an account and date from the ranges of int_account_labels__ranged that hold it. #}
{% macro label_in_ranges(name, is_positive, is_unknown) -%}
    case when max({{ is_unknown }}) = 1 then null
        else coalesce(max({{ is_positive }}), {{ declared_labels()[name].otherwise }}) end
{%- endmacro %}

{# The same where a column says which label it is; `ranges` is the alias of the ranges. #}
{% macro label_by_name(label_name, ranges) -%}
    case {{ label_name }}
        {%- for name in declared_labels() %}
        when '{{ name }}'
            then {{ label_in_ranges(name, ranges ~ '.is_positive', ranges ~ '.has_no_label') }}
        {%- endfor %}
    end
{%- endmacro %}

{# Days until a label is known, where a column says which label it is. #}
{% macro known_after_days(label_name) -%}
    case {{ label_name }}
        {%- for name, label in declared_labels().items() %}
        when '{{ name }}' then {{ label.known_after_days }}
        {%- endfor %}
    end
{%- endmacro %}
