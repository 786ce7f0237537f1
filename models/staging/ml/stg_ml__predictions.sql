with predictions as (

    select * from {{ source('ml', 'predictions') }}

),

runs as (

    select * from {{ source('ops', 'runs') }}

),

published as (

    select
        runs.run_id,
        max(runs.recorded_at) as published_at,
        max(case when runs.state = 'replayed' then 1 else 0 end) = 1 as is_replayed
    from runs
    where runs.state in ('published', 'replayed')
    group by runs.run_id

),

scored as (

    select distinct
        predictions.target,
        predictions.as_of_date,
        predictions.run_id
    from predictions

),

-- a date scored by several runs shows the present one, else the one published last
ranked as (

    select
        scored.target,
        scored.as_of_date,
        scored.run_id,
        coalesce(published.is_replayed, false) as is_replayed,
        row_number() over (
            partition by scored.target, scored.as_of_date
            order by
                case when scored.run_id = '{{ var("run_id", "") }}' then 0 else 1 end,
                published.published_at desc,
                scored.run_id desc
        ) as recency_rank
    from scored
    left join published
        on scored.run_id = published.run_id
    where published.run_id is not null or scored.run_id = '{{ var("run_id", "") }}'

),

visible as (

    select
        predictions.run_id,
        predictions.model_version,
        predictions.target,
        predictions.as_of_date,
        predictions.account_id,
        predictions.probability,
        predictions.log_odds,
        predictions.baseline_log_odds,
        ranked.is_replayed
    from predictions
    inner join ranked
        on
            predictions.target = ranked.target
            and predictions.as_of_date = ranked.as_of_date
            and predictions.run_id = ranked.run_id
    where ranked.recency_rank = 1

)

select * from visible
