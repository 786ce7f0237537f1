{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_unpublished_nights(source('ops', 'runs')) }}"
    )
}}

with comments as (

    select * from {{ ref('int_comments__scored') }}

),

thresholds as (

    select
        max(case when thresholds.threshold_name = 'sentiment_alpha'
            then thresholds.threshold_value end) as alpha,
        max(case when thresholds.threshold_name = 'sentiment_window_days'
            then cast(thresholds.threshold_value as integer) end) as window_days,
        max(case when thresholds.threshold_name = 'sentiment_reference_days'
            then cast(thresholds.threshold_value as integer) end) as reference_days
    from {{ ref('monitoring_thresholds') }} as thresholds

),

windowed as (

    select
        comments.account_id,
        comments.sentiment_score,
        comments.commented_at >= {{ add_days(as_of_date(), '-thresholds.window_days') }}
            as is_recent
    from comments
    cross join thresholds
    where
        comments.commented_at < {{ as_of_midnight() }}
        and comments.known_at < {{ as_of_midnight() }}
        and comments.commented_at >= {{ add_days(
            as_of_date(), '-thresholds.window_days - thresholds.reference_days'
        ) }}

),

-- comments of one account resemble each other: accounts are what is counted
averaged as (

    select
        windowed.account_id,
        windowed.is_recent,
        count(*) as comments_count,
        {{ exact_mean('windowed.sentiment_score') }} as mean_score
    from windowed
    group by windowed.account_id, windowed.is_recent

),

summed as (

    select
        sum(case when averaged.is_recent then averaged.comments_count else 0 end)
            as recent_comments,
        sum(case when averaged.is_recent then 1 else 0 end) as recent_accounts,
        sum(case when averaged.is_recent then 0 else 1 end) as reference_accounts,
        {{ exact_mean('case when averaged.is_recent then averaged.mean_score end') }}
            as recent_score,
        {{ exact_mean('case when not averaged.is_recent then averaged.mean_score end') }}
            as reference_score,
        {{ exact_variance('case when averaged.is_recent then averaged.mean_score end') }}
            as recent_variance,
        {{ exact_variance('case when not averaged.is_recent then averaged.mean_score end') }}
            as reference_variance
    from averaged

),

judged as (

    select
        '{{ var("run_id") }}' as run_id,
        false as is_replayed,
        {{ as_of_date() }} as as_of_date,
        summed.*,
        summed.recent_score - summed.reference_score as score_change,
        {{ normal_quantile('thresholds.alpha / 2') }} * sqrt(
            summed.recent_variance / nullif(summed.recent_accounts, 0)
            + summed.reference_variance / nullif(summed.reference_accounts, 0)
        ) as change_limit
    from summed
    cross join thresholds

),

flagged as (

    select
        judged.*,
        coalesce(abs(judged.score_change) > judged.change_limit, false) as is_drifting
    from judged

)

select {{ contract_columns('flagged') }}
from flagged
