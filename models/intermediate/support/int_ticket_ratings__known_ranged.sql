with words as (

    select * from {{ ref('reported_values') }}
    where field = 'rating_score' and value in ('good', 'bad')

),

versions as (

    select
        reported.rating_id,
        reported.ticket_id,
        words.value as score,
        reported.changed_at,
        reported.known_at
    from {{ ref('stg_support__satisfaction_rating_versions') }} as reported
    inner join words
        on reported.score = words.reported_value

),

ratings as (

    select
        versions.*,
        max(versions.changed_at) over (
            partition by versions.rating_id
            order by versions.known_at, versions.changed_at
            rows between unbounded preceding and 1 preceding
        ) as newest_change_before
    from versions

),

tickets as (

    select * from {{ ref('int_tickets__known') }}

),

ranged as (

    select
        ratings.rating_id,
        tickets.account_id,
        ratings.score,
        cast(ratings.changed_at as date) as rated_date,
        greatest(
            {{ add_days('ratings.known_at', 1) }}, {{ add_days('tickets.opening_known_at', 1) }}
        ) as as_of_from_date,
        least(
            coalesce({{ add_days('tickets.deletion_known_at', 1) }}, cast('9999-01-01' as date)),
            coalesce(
                lead({{ add_days('ratings.known_at', 1) }}) over (
                    partition by ratings.rating_id
                    order by ratings.known_at, ratings.changed_at
                ),
                cast('9999-01-01' as date)
            )
        ) as as_of_until_date
    from ratings
    inner join tickets
        on ratings.ticket_id = tickets.ticket_id
    -- a version that arrives after a newer one never becomes the state
    where
        ratings.newest_change_before is null
        or ratings.changed_at >= ratings.newest_change_before

)

select * from ranged
where ranged.as_of_from_date < ranged.as_of_until_date
