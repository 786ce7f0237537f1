with comments as (

    {{ landed('zendesk_fivetran', 'ticket_comment') }}

),

users as (

    {{ landed('zendesk_fivetran', 'user') }}

),

numbered as (

    select
        comments.*,
        row_number() over (
            partition by comments.id order by comments._fivetran_synced
        ) as reading_number
    from comments

),

people as (

    select
        users.id,
        case when users.role = 'admin' then 'agent' else users.role end as role,
        row_number() over (
            partition by users.id order by users._fivetran_synced desc
        ) as recency
    from users

)

select
    numbered.id,
    numbered.ticket_id,
    people.role as author_role,
    numbered.public,
    numbered.body,
    numbered.created as created_at,
    numbered._fivetran_synced as _extracted_at
from numbered
left join people
    on numbered.user_id = people.id and people.recency = 1
where numbered.reading_number = 1
