with tickets as (

    select
        known.*,
        coalesce(
            {{ add_days('known.deletion_known_at', 1) }}, cast('9999-01-01' as date)
        ) as gone_from_date
    from {{ ref('int_tickets__known') }} as known

),

-- a reply recorded as before the opening says nothing of how fast anybody was
replies as (

    select * from {{ ref('int_first_replies__known_ranged') }}
    where response_hours >= 0

),

open_ranges as (

    select * from {{ ref('int_ticket_states__known_ranged') }}
    where is_unsolved

),

ratings as (

    select * from {{ ref('int_ticket_ratings__known_ranged') }}

),

measured as (

    select
        tickets.account_id,
        'tickets_opened_30d' as measure,
        cast(tickets.opened_at as date) as happened_date,
        {{ add_days('tickets.opening_known_at', 1) }} as effective_from_date,
        least({{ add_days('tickets.opened_at', 31) }}, tickets.gone_from_date)
            as effective_until_date,
        1.0 as amount
    from tickets
    union all
    select
        tickets.account_id,
        'urgent_tickets_opened_30d' as measure,
        cast(tickets.opened_at as date) as happened_date,
        {{ add_days('tickets.opening_known_at', 1) }} as effective_from_date,
        least({{ add_days('tickets.opened_at', 31) }}, tickets.gone_from_date)
            as effective_until_date,
        1.0 as amount
    from tickets
    where tickets.priority_at_opening in ('high', 'urgent')
    union all
    select
        tickets.account_id,
        'tickets_escalated_90d' as measure,
        cast(tickets.escalated_at as date) as happened_date,
        {{ add_days('tickets.escalation_known_at', 1) }} as effective_from_date,
        least({{ add_days('tickets.escalated_at', 91) }}, tickets.gone_from_date)
            as effective_until_date,
        1.0 as amount
    from tickets
    where tickets.escalated_at is not null
    union all
    select
        replies.account_id,
        'first_replies_90d' as measure,
        replies.replied_date as happened_date,
        replies.as_of_from_date as effective_from_date,
        replies.as_of_until_date as effective_until_date,
        1.0 as amount
    from replies
    union all
    select
        replies.account_id,
        'first_response_hours_90d' as measure,
        replies.replied_date as happened_date,
        replies.as_of_from_date as effective_from_date,
        replies.as_of_until_date as effective_until_date,
        replies.response_hours as amount
    from replies
    union all
    select
        open_ranges.account_id,
        'tickets_unsolved' as measure,
        open_ranges.opened_date as happened_date,
        open_ranges.as_of_from_date as effective_from_date,
        open_ranges.as_of_until_date as effective_until_date,
        1.0 as amount
    from open_ranges
    union all
    select
        ratings.account_id,
        'tickets_rated_90d' as measure,
        ratings.rated_date as happened_date,
        ratings.as_of_from_date as effective_from_date,
        least(ratings.as_of_until_date, {{ add_days('ratings.rated_date', 91) }})
            as effective_until_date,
        1.0 as amount
    from ratings
    union all
    select
        ratings.account_id,
        'tickets_rated_good_90d' as measure,
        ratings.rated_date as happened_date,
        ratings.as_of_from_date as effective_from_date,
        least(ratings.as_of_until_date, {{ add_days('ratings.rated_date', 91) }})
            as effective_until_date,
        1.0 as amount
    from ratings
    where ratings.score = 'good'

)

select * from measured
