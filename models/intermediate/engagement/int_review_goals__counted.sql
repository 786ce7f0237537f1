with versions as (

    select
        reported.*,
        words.value as meaning
    from {{ ref('stg_engagement__business_review_versions') }} as reported
    -- what nobody mapped is put aside and counted (rule reported_value_unmapped)
    inner join {{ ref('reported_values') }} as words
        on reported.status = words.reported_value and words.field = 'review_status'

),

reviews as (

    select
        versions.*,
        max(versions.changed_at) over (
            partition by versions.review_id
            order by versions.known_at, versions.changed_at
            rows between unbounded preceding and 1 preceding
        ) as newest_change_before
    from versions

),

followed as (

    select
        reviews.*,
        lead({{ add_days('reviews.known_at', 1) }}) over (
            partition by reviews.review_id
            order by reviews.known_at, reviews.changed_at
        ) as next_known_from_date
    from reviews
    -- a version that arrives after a newer one never becomes the state
    where
        reviews.newest_change_before is null
        or reviews.changed_at >= reviews.newest_change_before

),

held as (

    select
        followed.review_id,
        followed.account_id,
        cast(followed.held_at as date) as held_date,
        followed.goals_json,
        {{ add_days('followed.known_at', 1) }} as as_of_from_date,
        least(
            coalesce(followed.next_known_from_date, cast('9999-01-01' as date)),
            {{ add_days('followed.held_at', 366) }}
        ) as as_of_until_date
    from followed
    where followed.meaning = 'held' and followed.held_at is not null

),

goals as (

    select
        held.review_id,
        held.account_id,
        held.held_date,
        held.as_of_from_date,
        held.as_of_until_date,
        {{ unnest_json_array('held.goals_json') }} as goal
    from held

),

parsed as (

    select
        goals.review_id,
        goals.account_id,
        goals.held_date,
        goals.as_of_from_date,
        goals.as_of_until_date,
        cast({{ json_text('goals.goal', ['target']) }} as {{ column_type('double') }}) as target,
        cast({{ json_text('goals.goal', ['achieved']) }} as {{ column_type('double') }})
            as achieved
    from goals

),

counted as (

    select
        parsed.review_id,
        parsed.account_id,
        parsed.held_date,
        parsed.as_of_from_date,
        parsed.as_of_until_date,
        count(*) as goals_set,
        -- a goal half reached counts half
        sum(least(coalesce(parsed.achieved, 0) / parsed.target, 1)) as goals_achieved
    from parsed
    where parsed.as_of_from_date < parsed.as_of_until_date and parsed.target > 0
    group by
        parsed.review_id,
        parsed.account_id,
        parsed.held_date,
        parsed.as_of_from_date,
        parsed.as_of_until_date

)

select * from counted
