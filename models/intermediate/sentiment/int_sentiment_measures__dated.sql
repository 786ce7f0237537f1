with answers as (

    select * from {{ ref('int_nps_answers__known_ranged') }}

),

comments as (

    select
        scored.*,
        least(
            {{ add_days('scored.commented_at', 31) }},
            coalesce({{ add_days('scored.deletion_known_at', 1) }}, cast('9999-01-01' as date))
        ) as effective_until_date
    from {{ ref('int_comments__scored') }} as scored

),

measured as (

    select
        answers.account_id,
        'nps_answers_180d' as measure,
        answers.responded_date as happened_date,
        answers.as_of_from_date as effective_from_date,
        answers.as_of_until_date as effective_until_date,
        1.0 as amount
    from answers
    union all
    select
        answers.account_id,
        'nps_score_sum_180d' as measure,
        answers.responded_date as happened_date,
        answers.as_of_from_date as effective_from_date,
        answers.as_of_until_date as effective_until_date,
        answers.score as amount
    from answers
    union all
    select
        comments.account_id,
        'comments_scored_30d' as measure,
        cast(comments.commented_at as date) as happened_date,
        {{ add_days('comments.known_at', 1) }} as effective_from_date,
        comments.effective_until_date,
        1.0 as amount
    from comments
    union all
    select
        comments.account_id,
        'comment_score_sum_30d' as measure,
        cast(comments.commented_at as date) as happened_date,
        {{ add_days('comments.known_at', 1) }} as effective_from_date,
        comments.effective_until_date,
        comments.sentiment_score as amount
    from comments

)

select * from measured
