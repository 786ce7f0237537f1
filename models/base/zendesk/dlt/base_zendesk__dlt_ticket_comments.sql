with comments as (

    {{ landed('zendesk_dlt', 'ticket_comments') }}

),

users as (

    {{ landed('zendesk_dlt', 'users') }}

),

numbered as (

    select
        comments.*,
        row_number() over (
            partition by comments.id order by comments._dlt_load_id
        ) as reading_number
    from comments

),

people as (

    select
        users.id,
        case when users.role = 'admin' then 'agent' else users.role end as role,
        row_number() over (
            partition by users.id order by users._dlt_load_id desc
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
    {{ load_time('numbered._dlt_load_id') }} as _extracted_at
from numbered
left join people
    on numbered.author_id = people.id and people.recency = 1
where numbered.reading_number = 1
