with runs as (

    select * from {{ source('ml', 'model_runs') }}

),

selected as (

    select
        runs.model_version,
        runs.target,
        runs.as_of_date,
        runs.trained_at,
        runs.model_kind,
        runs.stage,
        runs.code_fingerprint,
        runs.data_fingerprint,
        runs.parameters,
        runs.feature_names,
        runs.metrics,
        runs.artefact_path,
        runs.artefact_sha256,
        runs.label_name
    from runs

)

select * from selected
