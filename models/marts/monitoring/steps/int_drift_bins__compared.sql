with counted as (

    select * from {{ ref('int_drift_values__counted') }}

),

model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

-- accounts, not rows: what one account shows on neighbouring dates is nearly the same
sized as (

    select
        counted.*,
        counted.reference_share * cast(case
            when counted.feature_name = '(score)'
                then {{ json_text('model_runs.parameters', ['reference_accounts', 'score']) }}
            else {{ json_text('model_runs.parameters', ['reference_accounts', 'features']) }}
        end as {{ column_type('double') }}) as training_count
    from counted
    inner join model_runs
        on counted.model_version = model_runs.model_version

),

compared as (

    select
        'tonight' as comparison,
        sized.target,
        sized.model_version,
        sized.feature_name,
        sized.bin_number,
        sized.training_count as reference_count,
        sized.tonight_count as current_count
    from sized
    union all
    select
        'a year before' as comparison,
        sized.target,
        sized.model_version,
        sized.feature_name,
        sized.bin_number,
        sized.training_count as reference_count,
        sized.last_year_count as current_count
    from sized
    where sized.feature_name <> '(score)'
    union all
    select
        'tonight to a year before' as comparison,
        sized.target,
        sized.model_version,
        sized.feature_name,
        sized.bin_number,
        sized.last_year_count as reference_count,
        sized.tonight_count as current_count
    from sized
    where sized.feature_name <> '(score)'

),

dated as (

    select
        {{ as_of_date() }} as as_of_date,
        compared.*
    from compared

)

select * from dated
