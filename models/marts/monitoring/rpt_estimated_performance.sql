with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where is_weekly_cohort

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}

),

realised as (

    select * from {{ ref('rpt_realised_performance') }}

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

cohorts as (

    select
        nights.target,
        nights.week_start_date,
        nights.as_of_date,
        nights.model_version,
        nights.matured_date,
        predictions.probability as chance,
        1 - predictions.probability as rest,
        -- all that are ranked no higher, those of the same probability included
        sum(cast(1 - predictions.probability as decimal(38, 12))) over (
            partition by nights.target, nights.week_start_date
            order by predictions.probability
        ) as rest_up_to,
        sum(cast(1 - predictions.probability as decimal(38, 12))) over (
            partition by nights.target, nights.week_start_date, predictions.probability
        ) as rest_of_same
    from nights
    inner join predictions
        on
            nights.target = predictions.target
            and nights.as_of_date = predictions.as_of_date

),

summed as (

    select
        cohorts.target,
        cohorts.week_start_date,
        cohorts.as_of_date,
        cohorts.model_version,
        cohorts.matured_date,
        count(*) as accounts_count,
        {{ exact_sum('cohorts.chance') }} as expected_positives,
        {{ exact_sum('cohorts.rest') }} as expected_negatives,
        {{ exact_sum('cohorts.chance * cohorts.rest') }} as positives_variance,
        -- an account makes no pair with itself
        {{ exact_sum('cohorts.chance * (
            cohorts.rest_up_to - cohorts.rest_of_same
            + (cohorts.rest_of_same - cohorts.rest) / 2
        )') }} as pairs_ranked_rightly,
        {{ exact_sum('cohorts.chance') }} * {{ exact_sum('cohorts.rest') }}
        - {{ exact_sum('cohorts.chance * cohorts.rest') }} as pairs
    from cohorts
    group by
        cohorts.target, cohorts.week_start_date, cohorts.as_of_date, cohorts.model_version,
        cohorts.matured_date

),

estimated as (

    select
        summed.*,
        summed.pairs_ranked_rightly / nullif(summed.pairs, 0) as expected_auc,
        summed.positives_variance / summed.accounts_count as expected_brier,
        greatest(0, summed.expected_positives - intervals.z * sqrt(summed.positives_variance))
            as positives_lower_bound,
        summed.expected_positives + intervals.z * sqrt(summed.positives_variance)
            as positives_upper_bound
    from summed
    cross join intervals

),

scored as (

    select
        estimated.*,
        realised.positives_count as realised_positives,
        realised.auc_roc as realised_auc,
        realised.brier_score as realised_brier,
        realised.positives_count >= estimated.positives_lower_bound
        and realised.positives_count <= estimated.positives_upper_bound as is_within_interval,
        estimated.expected_auc >= realised.auc_lower_bound
        and estimated.expected_auc <= realised.auc_upper_bound as is_auc_within_interval
    from estimated
    left join realised
        on
            estimated.target = realised.target
            and estimated.week_start_date = realised.week_start_date

)

select {{ contract_columns('scored') }}
from scored
