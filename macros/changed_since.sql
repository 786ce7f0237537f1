{# The earliest landing day that is new since the last completed build, as a date expression;
   the beginning of time where everything is to be built. #}
{% macro changed_since() -%}
    cast('{{ var("changed_since", "") or "1900-01-01" }}' as date)
{%- endmacro %}

{# From which day on the tests of tables that grow night by night look: where this build began, for
   older rows passed before they were published; the beginning of time for the proofs. #}
{% macro tested_since() -%}
    {{ "cast('1900-01-01' as date)" if var('tests_read_everything', false) else changed_since() }}
{%- endmacro %}

{# dbt's own macro, asked by every materialization: a model's `full_refresh` decides, then the flag;
   without either, everything is built where the var `changed_since` is empty. #}
{% macro should_full_refresh() -%}
    {%- set configured = config.get('full_refresh') -%}
    {%- if configured is none -%}
        {%- set configured = flags.FULL_REFRESH or not var('changed_since', '') -%}
    {%- endif -%}
    {{ return(configured) }}
{%- endmacro %}
