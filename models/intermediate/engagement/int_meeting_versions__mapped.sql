with words as (

    select * from {{ ref('reported_values') }}
    where field = 'meeting_status'

),

mapped as (

    select
        versions.task_id,
        versions.account_id,
        versions.activity_date,
        words.value as status,
        versions.is_deleted,
        versions.changed_at,
        versions.known_at
    from {{ ref('stg_engagement__task_versions') }} as versions
    left join words
        on versions.status = words.reported_value
    where
        versions.task_type = 'Meeting'
        and versions.activity_date is not null
        -- what nobody mapped is put aside and counted (rule reported_value_unmapped)
        and (
            versions.is_deleted
            or versions.status is null
            or words.reported_value is not null
        )

)

select * from mapped
