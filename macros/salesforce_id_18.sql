{#- The three characters that an id of 18 has at its end say which letters of each five before them
    are capitals. -#}
{% macro salesforce_id_18(id, prefix='') -%}
    case
        when length({{ id }}) = 15 and {{ matches(id, '^' ~ prefix ~ '[a-zA-Z0-9]*$') }}
            then
                {{ id }}
                {%- for group in range(3) %}
                || substring(
                    'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
                    1
                    {%- for place in range(5) %}
                    {%- set position = 5 * group + place + 1 %}
                    {%- set character = 'substring(' ~ id ~ ', ' ~ position ~ ', 1)' %}
                    + case when {{ character }} <> lower({{ character }}) then {{ 2 ** place }}
                        else 0 end
                    {%- endfor %},
                    1
                )
                {%- endfor %}
        else {{ id }}
    end
{%- endmacro %}

{#- An account's id without blanks around it, as the CRM in use compares it: other companies' own
    keys stay as they are. -#}
{% macro crm_account_id(id) -%}
    {%- set id = "trim(replace(replace(replace("
        ~ id ~ ", chr(9), ''), chr(10), ''), chr(13), ''))" -%}
    {%- if 'salesforce' in var('vendors') -%}
    {{ salesforce_id_18(id, '001') }}
    {%- else -%}
    {{ id }}
    {%- endif -%}
{%- endmacro %}
