with ablation as (

    select * from {{ ref('stg_ml__feature_ablation') }}

),

reference as (

    select * from {{ ref('reference_case_ablation') }}

),

ranked as (

    select
        ablation.*,
        dense_rank() over (
            partition by ablation.target
            order by ablation.studied_at desc, ablation.study_version asc
        ) as recency
    from ablation

),

aucs as (

    select * from ranked
    where recency = 1 and metric_name = 'auc_roc'

),

losses as (

    select * from ranked
    where recency = 1 and metric_name = 'log_loss'

),

judged as (

    select
        aucs.study_version,
        aucs.target,
        aucs.as_of_date,
        aucs.left_out_kind,
        aucs.left_out,
        aucs.difference as auc_difference,
        aucs.lower_bound as auc_lower_bound,
        aucs.upper_bound as auc_upper_bound,
        losses.difference as log_loss_difference,
        losses.lower_bound as log_loss_lower_bound,
        losses.upper_bound as log_loss_upper_bound,
        -- neither figure is worse without it beyond noise
        aucs.left_out_kind = 'feature'
        and aucs.upper_bound >= 0
        and losses.lower_bound <= 0 as is_for_review,
        reference.auc_change as reference_auc_difference,
        aucs.examples,
        aucs.positives,
        aucs.origins
    from aucs
    inner join losses
        on
            aucs.study_version = losses.study_version
            and aucs.left_out_kind = losses.left_out_kind
            and aucs.left_out = losses.left_out
    left join reference
        on
            aucs.target = 'churn'
            and aucs.left_out_kind = 'feature'
            and aucs.left_out = reference.feature_name

)

select {{ contract_columns('judged') }}
from judged
