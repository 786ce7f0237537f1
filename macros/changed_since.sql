{# The earliest landing day that is new since the last completed build, as a date expression;
   the beginning of time where everything is to be built. #}
{% macro changed_since() -%}
    cast('{{ var("changed_since", "") or "1900-01-01" }}' as date)
{%- endmacro %}

{# For incremental models: full refresh where everything is to be built. #}
{% macro builds_everything() -%}
    {{ return(not var("changed_since", "")) }}
{%- endmacro %}
