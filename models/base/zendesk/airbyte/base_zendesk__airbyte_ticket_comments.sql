with comments as (

    {{ landed('zendesk_airbyte', 'ticket_comments') }}

),

users as (

    {{ landed('zendesk_airbyte', 'users') }}

),

numbered as (

    select
        comments.*,
        row_number() over (
            partition by comments.id order by comments._airbyte_extracted_at
        ) as reading_number
    from comments

),

people as (

    select
        users.id,
        case when users.role = 'admin' then 'agent' else users.role end as role,
        row_number() over (
            partition by users.id order by users._airbyte_extracted_at desc
        ) as recency
    from users

)

select
    numbered.id,
    numbered.ticket_id,
    people.role as author_role,
    numbered.public,
    numbered.body,
    numbered.created_at,
    numbered._airbyte_extracted_at as _extracted_at
from numbered
left join people
    on numbered.author_id = people.id and people.recency = 1
where numbered.reading_number = 1
