with versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

statuses as (

    select * from {{ ref('reported_values') }}
    where field = 'ticket_status'

),

priorities as (

    select * from {{ ref('reported_values') }}
    where field = 'ticket_priority'

),

mapped as (

    select
        versions.ticket_id,
        versions.account_id,
        priorities.value as priority,
        statuses.value as status,
        versions.is_escalated,
        versions.is_deleted or versions.is_merged as is_gone,
        versions.created_at,
        versions.changed_at,
        versions.known_at
    from versions
    left join statuses
        on versions.status = statuses.reported_value
    left join priorities
        on versions.priority = priorities.reported_value
    -- what nobody mapped is put aside and counted (rule reported_value_unmapped)
    where
        versions.is_deleted
        or (
            statuses.value is not null
            and (versions.priority is null or priorities.reported_value is not null)
        )

)

select * from mapped
