with feature_drift as (

    select * from {{ ref('rpt_feature_drift') }}
    where as_of_date <= {{ as_of_date() }}

),

score_drift as (

    select * from {{ ref('rpt_score_drift') }}
    where as_of_date <= {{ as_of_date() }}

),

volumes as (

    select * from {{ ref('rpt_prediction_volume') }}

),

performance as (

    select * from {{ ref('rpt_realised_performance') }}

),

sentiment as (

    select * from {{ ref('rpt_sentiment_drift') }}
    where as_of_date <= {{ as_of_date() }}

),

united as (

    select
        'feature_drift' as check_name,
        feature_drift.target,
        feature_drift.feature_name as checked_object,
        feature_drift.as_of_date,
        feature_drift.is_drifting as is_breach,
        'PSI ' || {{ shown_number('feature_drift.psi') }} || ', by chance at most '
        || {{ shown_number('feature_drift.psi_limit') }}
        || coalesce('; ' || feature_drift.seasonal_note, '') as evidence
    from feature_drift
    union all
    select
        'score_drift' as check_name,
        score_drift.target,
        'probabilities' as checked_object,
        score_drift.as_of_date,
        score_drift.is_drifting as is_breach,
        'PSI ' || {{ shown_number('score_drift.psi') }} || ', by chance at most '
        || {{ shown_number('score_drift.psi_limit') }} as evidence
    from score_drift
    union all
    select
        'prediction_volume' as check_name,
        volumes.target,
        'accounts scored' as checked_object,
        volumes.as_of_date,
        volumes.is_dropped as is_breach,
        cast(volumes.scored_count as varchar(20)) || ' scored, '
        || cast(volumes.previous_count as varchar(20)) || ' the night before' as evidence
    from volumes
    union all
    select
        'realised_performance' as check_name,
        performance.target,
        'AUC' as checked_object,
        performance.as_of_date,
        performance.is_below_level as is_breach,
        'AUC ' || {{ shown_number('performance.auc_roc') }} || ' ('
        || {{ shown_number('performance.auc_lower_bound') }} || ' to '
        || {{ shown_number('performance.auc_upper_bound') }} || '), below '
        || {{ shown_number('performance.level_auc') }} || '; promised '
        || {{ shown_number('performance.promised_auc') }} as evidence
    from performance
    union all
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

select * from united
