{# Post-hook of seeds that are a company's own: keeps the rows of the source that is built; those of
   `any` where it has none. (Spark deletes from Delta tables alone.) #}
{% macro keep_rows_of_source() -%}
    {%- set source_name = sql_text(var('source_name')) -%}
    delete from {{ this }}
    where
        source_name <> {{ source_name }}
        and (
            source_name <> 'any'
            or exists (select 1 from {{ this }} as own where own.source_name = {{ source_name }})
        )
{%- endmacro %}
