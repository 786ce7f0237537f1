with ticket_versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

comments as (

    select * from {{ ref('stg_support__ticket_comments') }}

),

first_replies as (

    select
        comments.ticket_id,
        comments.commented_at as first_replied_at,
        comments.known_at as first_reply_known_at,
        row_number() over (
            partition by comments.ticket_id
            order by comments.commented_at, comments.comment_id
        ) as reply_number
    from comments
    where comments.author_role = 'agent' and comments.is_public

),

numbered as (

    select
        ticket_versions.*,
        row_number() over (
            partition by ticket_versions.ticket_id
            order by ticket_versions.known_at, ticket_versions.changed_at
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

),

known as (

    select
        summed.*,
        first_replies.first_replied_at,
        first_replies.first_reply_known_at
    from summed
    left join first_replies
        on
            summed.ticket_id = first_replies.ticket_id
            and first_replies.reply_number = 1

)

select * from known
