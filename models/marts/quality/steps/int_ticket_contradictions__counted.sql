with versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

comments as (

    select * from {{ ref('stg_support__ticket_comments') }}

),

ratings as (

    select * from {{ ref('stg_support__satisfaction_rating_versions') }}

),

accounts as (

    select
        account_id,
        min(created_at) as created_at
    from {{ ref('stg_master_records__account_versions') }}
    group by account_id

),

tickets as (

    select
        versions.ticket_id,
        max(versions.account_id) as account_id,
        min(versions.created_at) as created_at,
        min(versions.changed_at) as first_changed_at,
        min(case when versions.status in ('solved', 'closed') then versions.changed_at end)
            as solved_at
    from versions
    group by versions.ticket_id

),

replies as (

    select
        comments.ticket_id,
        min(comments.commented_at) as replied_at
    from comments
    where comments.author_role = 'agent' and comments.is_public
    group by comments.ticket_id

),

rated as (

    select distinct ratings.ticket_id
    from ratings
    inner join {{ ref('reported_values') }} as words
        on ratings.score = words.reported_value and words.field = 'rating_score'
    where words.value in ('good', 'bad')

),

delivered as (

    select count(*) as rating_count from ratings

),

counted as (

    {% call count_rules({
        'ticket_of_unknown_account': {'fails': 'accounts.account_id is null'},
        'ticket_opened_before_account': {'fails': 'tickets.created_at < accounts.created_at'},
        'ticket_changed_before_opened': {'fails': 'tickets.first_changed_at < tickets.created_at'},
        'first_reply_before_ticket_opened': {
            'checked': 'replies.replied_at is not null',
            'fails': 'replies.replied_at < tickets.created_at',
        },
        'first_reply_after_ticket_solved': {
            'checked': 'replies.replied_at is not null',
            'fails': 'replies.replied_at > tickets.solved_at',
        },
        'solved_ticket_without_rating': {
            'checked': 'tickets.solved_at is not null and delivered.rating_count > 0',
            'fails': 'rated.ticket_id is null',
        },
    }) %}
    from tickets
    left join accounts
        on tickets.account_id = accounts.account_id
    left join replies
        on tickets.ticket_id = replies.ticket_id
    left join rated
        on tickets.ticket_id = rated.ticket_id
    cross join delivered
    {% endcall %}

)

select * from counted
