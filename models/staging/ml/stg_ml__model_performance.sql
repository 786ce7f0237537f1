with performance as (

    select * from {{ source('ml', 'model_performance') }}

),

selected as (

    select
        performance.model_version,
        performance.target,
        performance.model_kind,
        performance.slice,
        performance.metric_name,
        performance.metric_value,
        performance.lower_bound,
        performance.upper_bound,
        performance.examples,
        performance.positives
    from performance

)

select * from selected
