with runs as (

    select * from {{ source('ml', 'model_runs') }}

),

stages as (

    select * from {{ source('ml', 'model_stages') }}
    where since_date <= {{ as_of_date() }}

),

ranked as (

    select
        stages.model_version,
        stages.stage,
        stages.since_date,
        row_number() over (
            partition by stages.model_version
            order by stages.since_date desc, stages.recorded_at desc, stages.stage asc
        ) as recency
    from stages

),

selected as (

    select
        runs.model_version,
        runs.target,
        runs.as_of_date,
        runs.trained_at,
        runs.model_kind,
        coalesce(ranked.stage, 'candidate') as stage,
        ranked.since_date as stage_since_date,
        runs.code_fingerprint,
        runs.data_fingerprint,
        runs.parameters,
        runs.feature_names,
        runs.metrics,
        runs.artefact_path,
        runs.artefact_sha256,
        runs.label_name
    from runs
    left join ranked
        on
            runs.model_version = ranked.model_version
            and ranked.recency = 1

)

select * from selected
