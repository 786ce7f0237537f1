{# Pre-hook of models that keep what was told of each night's scores: drops tonight's rows, and
   those of scores that no longer stand. `predictions` is the relation of those that do. #}
{% macro delete_unscored_nights(predictions) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            as_of_date = {{ as_of_date() }}
            or run_id not in (select predictions.run_id from {{ predictions }} as predictions)
    {%- endif -%}
{%- endmacro %}
