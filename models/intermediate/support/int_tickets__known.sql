with ticket_versions as (

    select * from {{ ref('int_ticket_versions__mapped') }}

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
        ) as version_number,
        row_number() over (
            partition by ticket_versions.ticket_id, ticket_versions.is_escalated
            order by
                cast(ticket_versions.known_at as date),
                ticket_versions.changed_at,
                ticket_versions.known_at
        ) as escalation_number
    from ticket_versions

),

-- what a later version says of the opening or the escalation would rewrite the past
summed as (

    select
        numbered.ticket_id,
        max(case when numbered.version_number = 1 then numbered.account_id end) as account_id,
        max(case when numbered.version_number = 1 then numbered.priority end)
            as priority_at_opening,
        max(case when numbered.version_number = 1 then numbered.created_at end) as opened_at,
        min(numbered.known_at) as opening_known_at,
        max(
            case
                when numbered.is_escalated and numbered.escalation_number = 1
                    then numbered.changed_at
            end
        ) as escalated_at,
        min(case when numbered.is_escalated then numbered.known_at end) as escalation_known_at,
        min(case when numbered.is_gone then numbered.known_at end) as deletion_known_at
    from numbered
    group by numbered.ticket_id

)

select * from summed
