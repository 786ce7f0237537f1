with comparison as (

    select * from {{ ref('stg_ml__model_comparison') }}

),

reference as (

    select * from {{ ref('reference_case_models') }}

),

ranked as (

    select
        comparison.*,
        dense_rank() over (
            partition by comparison.target
            order by comparison.studied_at desc, comparison.study_version asc
        ) as recency
    from comparison

),

referred as (

    select
        ranked.*,
        reference.metric_value as reference_value
    from ranked
    left join reference
        on
            ranked.target = 'churn'
            and ranked.model_kind = reference.model_kind
            and ranked.feature_set = reference.feature_set
            and ranked.metric_name = reference.metric_name
    where ranked.recency = 1

)

select {{ contract_columns('referred') }}
from referred
