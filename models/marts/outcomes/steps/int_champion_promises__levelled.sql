with model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

performance as (

    select * from {{ ref('stg_ml__model_performance') }}
    where slice = 'test' and metric_name = 'auc_roc'

),

rules as (

    select * from {{ ref('retraining_rules') }}

),

-- a training that made no champion is a training, too
trainings as (

    select
        model_runs.target,
        max(model_runs.as_of_date) as last_trained_date
    from model_runs
    where model_runs.as_of_date <= {{ as_of_date() }}
    group by model_runs.target

),

promised as (

    select
        model_runs.model_version,
        model_runs.target,
        trainings.last_trained_date,
        performance.metric_value as promised_auc,
        coalesce(own_rules.kept_skill_share, team_rules.kept_skill_share) as kept_skill_share,
        coalesce(own_rules.weeks_running, team_rules.weeks_running) as weeks_running,
        coalesce(own_rules.rest_days, team_rules.rest_days) as rest_days
    from model_runs
    inner join performance
        on
            model_runs.model_version = performance.model_version
            and model_runs.model_kind = performance.model_kind
    inner join trainings
        on model_runs.target = trainings.target
    left join rules as own_rules
        on model_runs.target = own_rules.target
    left join rules as team_rules
        on team_rules.target = 'default'

),

levelled as (

    select
        promised.*,
        -- what ranks by chance has an AUC of a half: the share is of what lies above it
        0.5 + promised.kept_skill_share * (promised.promised_auc - 0.5) as level_auc
    from promised

)

select * from levelled
