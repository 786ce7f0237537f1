with deliveries as (

    select
        ticket_comments.*,
        row_number() over (
            partition by ticket_comments.comment_id
            order by ticket_comments.known_at, ticket_comments.commented_at
        ) as delivery_number
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    where ticket_comments.author_role = 'agent' and ticket_comments.is_public

),

-- a comment that is delivered again counts once
replies as (

    select * from deliveries
    where delivery_number = 1

),

tickets as (

    select * from {{ ref('int_tickets__known') }}

),

-- a reply is the first one until an earlier one becomes known
ranged as (

    select
        replies.comment_id,
        replies.ticket_id,
        tickets.account_id,
        cast(replies.commented_at as date) as replied_date,
        {{ hours_between('tickets.opened_at', 'replies.commented_at') }} as response_hours,
        {{ add_days('greatest(replies.known_at, tickets.opening_known_at)', 1) }}
            as as_of_from_date,
        least(
            {{ add_days('replies.commented_at', 91) }},
            coalesce({{ add_days('tickets.deletion_known_at', 1) }}, cast('9999-01-01' as date)),
            coalesce(
                {{ add_days(
                    'min(replies.known_at) over (
                        partition by replies.ticket_id
                        order by replies.commented_at desc, replies.comment_id desc
                        rows between 1 following and unbounded following
                    )', 1
                ) }},
                cast('9999-01-01' as date)
            )
        ) as as_of_until_date
    from replies
    inner join tickets
        on replies.ticket_id = tickets.ticket_id

)

select * from ranged
where ranged.as_of_from_date < ranged.as_of_until_date
