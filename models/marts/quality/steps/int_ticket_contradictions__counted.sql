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

counted as (

    select
        count(*) as tickets,
        count(case when accounts.account_id is null then 1 end) as orphaned,
        count(case when tickets.created_at < accounts.created_at then 1 end) as before_account,
        count(case when tickets.first_changed_at < tickets.created_at then 1 end)
            as changed_too_early,
        count(replies.replied_at) as replied,
        count(case when replies.replied_at < tickets.created_at then 1 end) as replied_too_early,
        count(case when replies.replied_at > tickets.solved_at then 1 end) as replied_after_solved,
        count(tickets.solved_at) as solved,
        count(case when rated.ticket_id is null then tickets.solved_at end) as unrated
    from tickets
    left join accounts
        on tickets.account_id = accounts.account_id
    left join replies
        on tickets.ticket_id = replies.ticket_id
    left join rated
        on tickets.ticket_id = rated.ticket_id

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_ticket_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'ticket_of_unknown_account' then counted.tickets
            when 'ticket_opened_before_account' then counted.tickets
            when 'ticket_changed_before_opened' then counted.tickets
            when 'first_reply_before_ticket_opened' then counted.replied
            when 'first_reply_after_ticket_solved' then counted.replied
            when 'solved_ticket_without_rating' then counted.solved
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'ticket_of_unknown_account' then counted.orphaned
            when 'ticket_opened_before_account' then counted.before_account
            when 'ticket_changed_before_opened' then counted.changed_too_early
            when 'first_reply_before_ticket_opened' then counted.replied_too_early
            when 'first_reply_after_ticket_solved' then counted.replied_after_solved
            when 'solved_ticket_without_rating' then counted.unrated
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
