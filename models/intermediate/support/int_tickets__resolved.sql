with states as (

    select
        ranges.*,
        lag(ranges.is_solved) over (
            partition by ranges.ticket_id
            order by ranges.version_number
        ) as was_solved
    from {{ ref('int_ticket_states__valid_ranged') }} as ranges

),

replies as (

    select
        comments.ticket_id,
        min(comments.commented_at) as first_replied_at
    from {{ ref('stg_support__ticket_comments') }} as comments
    where comments.author_role = 'agent' and comments.is_public
    group by comments.ticket_id

),

words as (

    select * from {{ ref('reported_values') }}
    where field = 'rating_score' and value in ('good', 'bad')

),

ratings as (

    select
        versions.ticket_id,
        words.value as score,
        row_number() over (
            partition by versions.ticket_id
            order by versions.changed_at desc, versions.known_at desc, versions.rating_id desc
        ) as recency
    from {{ ref('stg_support__satisfaction_rating_versions') }} as versions
    inner join words
        on versions.score = words.reported_value

),

-- a change to a ticket that stays solved does not solve it again
resolved as (

    select
        states.ticket_id,
        max(
            case when states.is_solved and not coalesce(states.was_solved, false)
                then states.valid_from_at end
        ) as last_solved_at,
        max(
            case when states.valid_until_at >= cast('9999-01-01 00:00:00' as timestamp)
                    and states.is_solved then 1 else 0 end
        ) = 1 as is_solved
    from states
    group by states.ticket_id

)

select
    resolved.ticket_id,
    resolved.is_solved,
    case when resolved.is_solved then resolved.last_solved_at end as solved_at,
    replies.first_replied_at,
    ratings.score
from resolved
left join replies
    on resolved.ticket_id = replies.ticket_id
left join ratings
    on resolved.ticket_id = ratings.ticket_id and ratings.recency = 1
