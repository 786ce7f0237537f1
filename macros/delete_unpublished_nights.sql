{# Pre-hook of models that keep each night: drops this night's rows, and rows of runs that never
   were published nor replayed. `runs` is the relation ops.runs. #}
{% macro delete_unpublished_nights(runs) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            as_of_date = {{ as_of_date() }}
            or run_id not in (
                select runs.run_id
                from {{ runs }} as runs
                where runs.state in ('published', 'replayed')
            )
    {%- endif -%}
{%- endmacro %}
