-- A week is judged once the horizon and the settling time that its model was trained with have
-- passed since its night: an outcome that is not yet known would read as "stayed".
with performance as (

    select * from {{ ref('rpt_realised_performance') }}

),

model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

embargoes as (

    select
        model_runs.model_version,
        cast({{ json_text('model_runs.parameters', ['embargo_days']) }} as integer) as embargo_days
    from model_runs

)

select
    performance.target,
    performance.week_start_date,
    performance.as_of_date
from performance
inner join embargoes
    on performance.model_version = embargoes.model_version
where {{ days_between('performance.as_of_date', as_of_date()) }} < embargoes.embargo_days
