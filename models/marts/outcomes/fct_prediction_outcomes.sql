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
        ntile(10) over (
            partition by outcomes.target, outcomes.week_start_date
            order by outcomes.probability desc, outcomes.account_id asc
        ) as decile,
        sum(outcomes.is_positive) over (
            partition by outcomes.target, outcomes.week_start_date
            order by outcomes.probability desc, outcomes.account_id asc
            rows between unbounded preceding and current row
        ) - outcomes.is_positive as positives_above,
        sum(outcomes.is_positive) over (
            partition by outcomes.target, outcomes.week_start_date
        ) as positives_count,
        sum(1 - outcomes.is_positive) over (
            partition by outcomes.target, outcomes.week_start_date
        ) as negatives_count
    from outcomes

),

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

)

select {{ contract_columns('placed') }}
from placed
