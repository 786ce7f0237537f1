with reasons as (

    select * from {{ source('ml', 'prediction_reasons') }}

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}

),

visible_runs as (

    select distinct
        predictions.target,
        predictions.as_of_date,
        predictions.run_id
    from predictions

),

visible as (

    select
        reasons.run_id,
        reasons.model_version,
        reasons.target,
        reasons.as_of_date,
        reasons.account_id,
        reasons.feature_name,
        reasons.feature_value,
        reasons.contribution,
        reasons.reason_rank,
        reasons.value_before,
        reasons.contribution_before
    from reasons
    inner join visible_runs
        on
            reasons.target = visible_runs.target
            and reasons.as_of_date = visible_runs.as_of_date
            and reasons.run_id = visible_runs.run_id

)

select * from visible
