with comparison as (

    select * from {{ source('ml', 'model_comparison') }}

),

selected as (

    select
        comparison.study_version,
        comparison.target,
        comparison.as_of_date,
        comparison.studied_at,
        comparison.model_kind,
        comparison.feature_set,
        comparison.metric_name,
        comparison.metric_value,
        comparison.lower_bound,
        comparison.upper_bound,
        comparison.examples,
        comparison.positives,
        comparison.origins,
        comparison.first_test_date,
        comparison.last_test_date
    from comparison

)

select * from selected
