with placed as (

    select * from {{ ref('fct_prediction_outcomes') }}

),

measured as (

    select
        placed.target,
        placed.week_start_date,
        placed.as_of_date,
        placed.model_version,
        count(*) as accounts_count,
        sum(placed.is_positive) as positives_count,
        {{ exact_sum('placed.probability') }} as expected_positives,
        {{ exact_mean('(placed.probability - placed.is_positive)
            * (placed.probability - placed.is_positive)') }} as brier_score,
        {{ exact_mean('placed.positive_placement') }} as auc_roc,
        sqrt(
            {{ exact_variance('placed.positive_placement') }}
            / nullif(max(placed.positives_count), 0)
            + {{ exact_variance('placed.negative_placement') }}
            / nullif(max(placed.negatives_count), 0)
        ) as auc_standard_error
    from placed
    group by placed.target, placed.week_start_date, placed.as_of_date, placed.model_version

)

select * from measured
