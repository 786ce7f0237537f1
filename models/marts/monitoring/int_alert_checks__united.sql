with united as (

    select * from {{ ref('int_feature_drift_checks__told') }}
    union all
    select * from {{ ref('int_score_drift_checks__told') }}
    union all
    select * from {{ ref('int_volume_checks__told') }}
    union all
    select * from {{ ref('int_performance_checks__told') }}
    union all
    select * from {{ ref('int_sentiment_checks__told') }}

)

select * from united
