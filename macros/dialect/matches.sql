{% macro matches(text, pattern) %}
    {{- return(adapter.dispatch('matches', 'plumbline')(text, pattern)) -}}
{% endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches(cast({{ text }} as {{ column_type('varchar') }}), '{{ pattern }}')
{%- endmacro %}

{% macro postgres__matches(text, pattern) -%}
    cast({{ text }} as {{ column_type('varchar') }}) ~ '{{ pattern }}'
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    cast({{ text }} as {{ column_type('varchar') }}) rlike '{{ pattern }}'
{%- endmacro %}
