with source as (

    {{ landed('ravenstack', 'support_tickets') }}

),

versions as (

    select
        source.*,
        'open' as status,
        -- undated: the close is the first moment at which it must have been known
        false as is_escalated,
        cast(source.submitted_at as timestamp) as changed_at
    from source
    union all
    select
        source.*,
        'solved' as status,
        source.escalation_flag as is_escalated,
        source.closed_at as changed_at
    from source
    where source.closed_at is not null

),

renamed as (

    select
        versions.ticket_id,
        versions.account_id,
        case when versions.priority = 'medium' then 'normal' else versions.priority end
            as priority,
        versions.status,
        versions.is_escalated,
        cast(versions.submitted_at as timestamp) as created_at,
        versions.changed_at,
        versions.changed_at as known_at,
        false as is_merged,
        false as is_deleted
    from versions

)

select * from renamed
