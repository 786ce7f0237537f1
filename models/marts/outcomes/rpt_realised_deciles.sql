with outcomes as (

    select * from {{ ref('fct_prediction_outcomes') }}

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

cut as (

    select
        outcomes.*,
        cast(outcomes.positives_count as {{ column_type('double') }})
        / (outcomes.positives_count + outcomes.negatives_count) as base_rate
    from outcomes

),

counted as (

    select
        cut.target,
        cut.week_start_date,
        cut.as_of_date,
        cut.model_version,
        cut.decile,
        cut.base_rate,
        count(*) as accounts_count,
        sum(cut.is_positive) as positives_count,
        {{ exact_mean('cut.probability') }} as mean_probability,
        avg(cast(cut.is_positive as {{ column_type('double') }})) as realised_rate
    from cut
    group by
        cut.target, cut.week_start_date, cut.as_of_date, cut.model_version, cut.decile,
        cut.base_rate

),

bounded as (

    select
        counted.*,
        counted.realised_rate / nullif(counted.base_rate, 0) as lift,
        {{ wilson_bound('counted.positives_count', 'counted.accounts_count', 'intervals.z', '-') }}
            as rate_lower_bound,
        {{ wilson_bound('counted.positives_count', 'counted.accounts_count', 'intervals.z', '+') }}
            as rate_upper_bound
    from counted
    cross join intervals

)

select {{ contract_columns('bounded') }}
from bounded
