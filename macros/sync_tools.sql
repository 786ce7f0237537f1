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
