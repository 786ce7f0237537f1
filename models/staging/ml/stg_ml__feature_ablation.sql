with ablation as (

    select * from {{ source('ml', 'feature_ablation') }}

),

selected as (

    select
        ablation.study_version,
        ablation.target,
        ablation.as_of_date,
        ablation.studied_at,
        ablation.left_out_kind,
        ablation.left_out,
        ablation.metric_name,
        ablation.difference,
        ablation.lower_bound,
        ablation.upper_bound,
        ablation.examples,
        ablation.positives,
        ablation.origins,
        ablation.first_test_date,
        ablation.last_test_date
    from ablation

)

select * from selected
