with reviews as (

    select * from {{ ref('stg_engagement__business_review_versions') }}

),

latest as (

    select
        reviews.*,
        lead({{ add_days('reviews.known_at', 1) }}) over (
            partition by reviews.review_id
            order by reviews.known_at, reviews.changed_at
        ) as next_known_from_date
    from reviews

),

counted as (

    select
        latest.review_id,
        latest.account_id,
        cast(latest.held_at as date) as held_date,
        {{ add_days('latest.known_at', 1) }} as as_of_from_date,
        least(
            coalesce(latest.next_known_from_date, cast('9999-01-01' as date)),
            {{ add_days('latest.held_at', 366) }}
        ) as as_of_until_date,
        -- the list is small and flat: an entry is an opening brace
        {{ count_text('latest.goals_json', '{') }} as goals_set,
        {{ count_text('latest.goals_json', '"achieved":true') }} as goals_achieved
    from latest
    where latest.status = 'held' and latest.held_at is not null

)

select * from counted
where counted.as_of_from_date < counted.as_of_until_date
