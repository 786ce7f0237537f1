{{ config(materialized='view') }}

with predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where
        as_of_date > {{ add_days(as_of_date(), -var('publish_days')) }}
        and as_of_date <= {{ as_of_date() }}

),

model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

counted as (

    select
        predictions.target,
        predictions.as_of_date,
        predictions.model_version,
        predictions.is_replayed,
        count(*) as scored_count
    from predictions
    group by
        predictions.target, predictions.as_of_date, predictions.model_version,
        predictions.is_replayed

),

dated as (

    select
        counted.target,
        counted.as_of_date,
        counted.model_version,
        model_runs.label_name,
        counted.scored_count,
        counted.is_replayed,
        -- 1 January 1900 was a Monday
        {{ add_days(
            'counted.as_of_date',
            '-mod(' ~ days_between("cast('1900-01-01' as date)", 'counted.as_of_date') ~ ', 7)'
        ) }} as week_start_date,
        {{ add_days('counted.as_of_date', known_after_days('model_runs.label_name')) }}
            as matured_date
    from counted
    inner join model_runs
        on counted.model_version = model_runs.model_version

),

ranked as (

    select
        dated.*,
        -- accounts of neighbouring nights are copies: one night stands for its week (D127)
        row_number() over (
            partition by dated.target, dated.week_start_date
            order by dated.as_of_date desc
        ) = 1 as is_weekly_cohort
    from dated

)

select {{ contract_columns('ranked') }}
from ranked
