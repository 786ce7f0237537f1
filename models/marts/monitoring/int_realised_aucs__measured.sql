with outcomes as (

    select * from {{ ref('int_prediction_outcomes__labelled') }}

),

-- accounts with the same probability share the mean of their ranks
ranked as (

    select
        outcomes.*,
        rank() over (
            partition by outcomes.target, outcomes.week_start_date
            order by outcomes.probability
        ) + (count(*) over (
            partition by outcomes.target, outcomes.week_start_date, outcomes.probability
        ) - 1) / 2.0 as rank_among_all,
        rank() over (
            partition by outcomes.target, outcomes.week_start_date, outcomes.is_positive
            order by outcomes.probability
        ) + (count(*) over (
            partition by
                outcomes.target, outcomes.week_start_date, outcomes.is_positive,
                outcomes.probability
        ) - 1) / 2.0 as rank_among_same,
        sum(outcomes.is_positive) over (
            partition by outcomes.target, outcomes.week_start_date
        ) as positives_count,
        sum(1 - outcomes.is_positive) over (
            partition by outcomes.target, outcomes.week_start_date
        ) as negatives_count
    from outcomes

),

-- the share of the other class that an account is ranked rightly against
placed as (

    select
        ranked.*,
        case
            when ranked.is_positive = 1
                then
                    (ranked.rank_among_all - ranked.rank_among_same)
                    / nullif(ranked.negatives_count, 0)
        end as positive_placement,
        case
            when ranked.is_positive = 0
                then
                    1 - (ranked.rank_among_all - ranked.rank_among_same)
                    / nullif(ranked.positives_count, 0)
        end as negative_placement
    from ranked

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
            {{ exact_variance('placed.positive_placement') }} / nullif(max(placed.positives_count), 0)
            + {{ exact_variance('placed.negative_placement') }} / nullif(max(placed.negatives_count), 0)
        ) as auc_standard_error
    from placed
    group by placed.target, placed.week_start_date, placed.as_of_date, placed.model_version

)

select * from measured
