with importances as (

    select * from {{ source('ml', 'feature_importance') }}

),

selected as (

    select
        importances.model_version,
        importances.target,
        importances.feature_name,
        importances.importance,
        importances.importance_rank
    from importances

)

select * from selected
