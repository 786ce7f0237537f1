{#- The versions of a table, each as it was first read: a tool that reads again what did not change,
    or lands a whole table again, says nothing new. -#}
{% macro first_readings(source_name, table_name, key, changed_at, known_at) -%}
    select * from (
        select
            readings.*,
            row_number() over (
                partition by readings.{{ key }}, readings.{{ changed_at }}
                order by readings.{{ known_at }}
            ) as reading_number
        from ({{ landed(source_name, table_name) }}) as readings
    ) as numbered
    where numbered.reading_number = 1
{%- endmacro %}

{#- The versions of a table of Fivetran, in history mode or not. -#}
{% macro fivetran_versions(source_name, table_name, changed_column) -%}
    select * from (
        select
            dated.*,
            row_number() over (
                partition by dated.id, dated.changed_at, dated.is_removed
                order by dated.known_at
            ) as reading_number
        from (
            select
                readings.*,
                coalesce(
                    readings.{{ changed_column }},
                    readings._fivetran_start,
                    readings._fivetran_synced
                ) as changed_at,
                readings._fivetran_synced as known_at,
                false as is_removed
            from ({{ landed(source_name, table_name) }}) as readings
            union all
            select
                ended.*,
                ended._fivetran_end as changed_at,
                ended._fivetran_end as known_at,
                true as is_removed
            from ({{ landed(source_name, table_name) }}) as ended
            left join ({{ landed(source_name, table_name) }}) as followed
                on ended.id = followed.id and ended._fivetran_end <= followed._fivetran_start
            where not ended._fivetran_active and followed.id is null
        ) as dated
    ) as numbered
    where numbered.reading_number = 1
{%- endmacro %}

{#- Of readings in the columns of the native table, those that say something new of their object.
    A tool may name one time of change for whatever it reads, as where it knows none but that of
    creation: from the second reading on, the time of reading is the better one. -#}
{% macro new_versions(readings) -%}
    {%- set columns = model.columns.keys() | list -%}
    select
        {%- for column in columns %}
        {% if column == 'updated' -%}
        case
            when compared.telling_number > 1 then {{ timestamp_to_epoch('compared._extracted_at') }}
            else compared.updated
        end as updated
        {%- else -%}
        compared.{{ column }}
        {%- endif -%}
        {{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            told.*,
            row_number() over (
                partition by told.id, told.updated order by told._extracted_at
            ) as telling_number
        from (
            select
                contents.*,
                lag(contents.content) over (
                    partition by contents.id order by contents.updated, contents._extracted_at
                ) as content_before
            from (
                select
                    {{ readings }}.*,
                    ''
                    {%- for column in columns if column not in ('id', 'updated', '_extracted_at') %}
                    || coalesce(
                        cast({{ readings }}.{{ column }} as {{ column_type('varchar') }}), ''
                    ) || '|'
                    {%- endfor %} as content
                from {{ readings }}
            ) as contents
        ) as told
        where told.content_before is null or told.content_before <> told.content
    ) as compared
{%- endmacro %}
