{{ config(materialized='view') }}

with sentiment as (

    select * from {{ ref('rpt_sentiment_drift') }}
    where as_of_date <= {{ as_of_date() }}

),

told as (

    select
        'sentiment_drift' as check_name,
        'none' as target,
        'ticket comments' as checked_object,
        sentiment.as_of_date,
        sentiment.is_drifting as is_breach,
        'mean score ' || {{ shown_number('sentiment.recent_score') }} || ', before '
        || {{ shown_number('sentiment.reference_score') }} || '; by chance at most '
        || {{ shown_number('sentiment.change_limit') }} || ' apart' as evidence
    from sentiment

)

select * from told
