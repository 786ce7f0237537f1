with predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where as_of_date = {{ as_of_date() }} and target = 'churn'

),

model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

tiers as (

    select * from {{ ref('risk_tiers') }}

),

csms as (

    select * from {{ ref('dim_csms') }}

),

ranked as (

    select
        predictions.run_id,
        predictions.model_version,
        predictions.as_of_date,
        predictions.account_id,
        predictions.probability as churn_probability,
        features.life_number,
        cast(features.mrr * 12 as decimal(18, 2)) as arr_usd,
        accounts.term_end_date as renewal_date,
        accounts.account_name,
        accounts.csm_id,
        {{ json_text('model_runs.metrics', ['verdict']) }} = 'ok' as is_trusted,
        row_number() over (
            order by
                predictions.probability desc, features.mrr desc, predictions.account_id asc
        ) as risk_rank
    from predictions
    inner join features
        on predictions.account_id = features.account_id
    inner join model_runs
        on predictions.model_version = model_runs.model_version
    left join accounts
        on predictions.account_id = accounts.account_id

),

tiered as (

    select
        ranked.account_id,
        max(tiers.min_probability) as min_probability
    from ranked
    inner join tiers
        on ranked.churn_probability >= tiers.min_probability
    group by ranked.account_id

),

graded as (

    select
        ranked.*,
        tiers.risk_tier,
        tiers.is_worked,
        csms.slots as csm_slots
    from ranked
    left join tiered
        on ranked.account_id = tiered.account_id
    left join tiers
        on tiered.min_probability = tiers.min_probability
    left join csms
        on coalesce(ranked.csm_id, 'unassigned') = csms.csm_id

)

select * from graded
