with meetings as (

    select * from {{ ref('int_meetings__known_ranged') }}

),

key_contact_changes as (

    select * from {{ ref('int_key_contact_changes__mapped') }}

),

goals as (

    select * from {{ ref('int_review_goals__counted') }}

),

-- a key contact who left is missing until a successor in the same role is known
vacancies as (

    select
        departures.account_id,
        departures.changed_at,
        departures.known_at,
        min(arrivals.known_at) as filled_at
    from key_contact_changes as departures
    left join key_contact_changes as arrivals
        on
            departures.account_id = arrivals.account_id
            and departures.role = arrivals.role
            and arrivals.change_type = 'joined'
            and arrivals.changed_at >= departures.changed_at
    where departures.change_type = 'left'
    group by
        departures.account_id, departures.change_id, departures.changed_at, departures.known_at

),

measured as (

    select
        meetings.account_id,
        'meetings_scheduled_90d' as measure,
        meetings.activity_date as happened_date,
        meetings.as_of_from_date as effective_from_date,
        meetings.as_of_until_date as effective_until_date,
        1.0 as amount
    from meetings
    union all
    select
        meetings.account_id,
        'meetings_held_90d' as measure,
        meetings.activity_date as happened_date,
        meetings.as_of_from_date as effective_from_date,
        meetings.as_of_until_date as effective_until_date,
        1.0 as amount
    from meetings
    where meetings.status = 'held'
    union all
    select
        key_contact_changes.account_id,
        'key_contacts_lost_90d' as measure,
        cast(key_contact_changes.changed_at as date) as happened_date,
        {{ add_days('key_contact_changes.known_at', 1) }} as effective_from_date,
        {{ add_days('key_contact_changes.changed_at', 91) }} as effective_until_date,
        1.0 as amount
    from key_contact_changes
    where key_contact_changes.change_type = 'left'
    union all
    select
        vacancies.account_id,
        'key_contacts_missing_365d' as measure,
        cast(vacancies.changed_at as date) as happened_date,
        {{ add_days('vacancies.known_at', 1) }} as effective_from_date,
        least(
            {{ add_days('vacancies.changed_at', 366) }},
            coalesce({{ add_days('vacancies.filled_at', 1) }}, cast('9999-01-01' as date))
        ) as effective_until_date,
        1.0 as amount
    from vacancies
    union all
    select
        goals.account_id,
        'goals_set_365d' as measure,
        goals.held_date as happened_date,
        goals.as_of_from_date as effective_from_date,
        goals.as_of_until_date as effective_until_date,
        goals.goals_set as amount
    from goals
    union all
    select
        goals.account_id,
        'goals_achieved_365d' as measure,
        goals.held_date as happened_date,
        goals.as_of_from_date as effective_from_date,
        goals.as_of_until_date as effective_until_date,
        goals.goals_achieved as amount
    from goals

)

select * from measured
