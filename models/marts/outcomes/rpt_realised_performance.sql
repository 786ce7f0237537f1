with aucs as (

    select * from {{ ref('int_realised_aucs__measured') }}

),

deciles as (

    select * from {{ ref('rpt_realised_deciles') }}

),

promises as (

    select * from {{ ref('int_champion_promises__levelled') }}

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

calibrated as (

    select
        deciles.target,
        deciles.week_start_date,
        {{ exact_sum('deciles.accounts_count
            * abs(deciles.mean_probability - deciles.realised_rate)') }}
        / sum(deciles.accounts_count) as calibration_error,
        max(case when deciles.decile = 1 then deciles.lift end) as lift_at_decile,
        max(case
            when deciles.decile = 1
                then deciles.rate_lower_bound / nullif(deciles.base_rate, 0)
        end) as lift_lower_bound,
        max(case
            when deciles.decile = 1
                then deciles.rate_upper_bound / nullif(deciles.base_rate, 0)
        end) as lift_upper_bound
    from deciles
    group by deciles.target, deciles.week_start_date

),

-- on the scale of log-odds, where an interval cannot leave 0 to 1
spread as (

    select
        aucs.*,
        case
            when aucs.auc_roc > 0 and aucs.auc_roc < 1
                then ln(aucs.auc_roc / (1 - aucs.auc_roc))
        end as auc_log_odds,
        case
            when aucs.auc_roc > 0 and aucs.auc_roc < 1
                then
                    intervals.z * aucs.auc_standard_error / (aucs.auc_roc * (1 - aucs.auc_roc))
        end as auc_half_width
    from aucs
    cross join intervals

),

bounded as (

    select
        spread.*,
        1 / (1 + exp(spread.auc_half_width - spread.auc_log_odds)) as auc_lower_bound,
        1 / (1 + exp(-spread.auc_half_width - spread.auc_log_odds)) as auc_upper_bound
    from spread

),

reported as (

    select
        bounded.*,
        calibrated.lift_at_decile,
        calibrated.lift_lower_bound,
        calibrated.lift_upper_bound,
        calibrated.calibration_error,
        promises.promised_auc,
        promises.level_auc,
        coalesce(bounded.auc_upper_bound < promises.level_auc, false) as is_below_level
    from bounded
    inner join calibrated
        on
            bounded.target = calibrated.target
            and bounded.week_start_date = calibrated.week_start_date
    left join promises
        on bounded.model_version = promises.model_version

)

select {{ contract_columns('reported') }}
from reported
