with ticket_versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

numbered as (

    select
        ticket_versions.*,
        row_number() over (
            partition by ticket_versions.ticket_id
            order by
                cast(ticket_versions.known_at as date),
                ticket_versions.changed_at,
                ticket_versions.known_at
        ) as version_number
    from ticket_versions

),

summed as (

    select
        numbered.ticket_id,
        max(case when numbered.version_number = 1 then numbered.account_id end) as account_id,
        max(case when numbered.version_number = 1 then numbered.priority end)
            as priority_at_opening,
        min(numbered.created_at) as opened_at,
        min(numbered.known_at) as opening_known_at,
        min(case when numbered.is_escalated then numbered.changed_at end) as escalated_at,
        min(case when numbered.is_escalated then numbered.known_at end) as escalation_known_at,
        min(case when numbered.is_deleted then numbered.known_at end) as deletion_known_at
    from numbered
    group by numbered.ticket_id

)

select * from summed
