{%- set scores = ['health_score', 'three_signal_score', 'churn_model'] -%}
{%- set group_by = 'risks.sample_name, risks.score_name, risks.horizon_days' -%}

with labelled as (

    select * from {{ ref('int_health_outcomes__labelled') }}

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

-- rows that are there before anything has come of a date
asked as (
    {% for score in scores %}
    {%- for sample in ['months', 'scored nights'] if score != 'churn_model' or sample != 'months' %}
    {%- set is_last_sample = loop.last and score == scores[-1] %}
    {%- for days in [30, 60, 90] %}
    select
        '{{ sample }}' as sample_name,
        '{{ score }}' as score_name,
        {{ days }} as horizon_days
    {%- if not (is_last_sample and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}

),

risks as (
    {% for score in scores %}
    select
        labelled.sample_name,
        '{{ score }}' as score_name,
        labelled.horizon_days,
        labelled.as_of_date,
        labelled.account_id,
        labelled.has_churned,
        cast(
            labelled.{{ score.replace('_score', '') }}_risk as {{ column_type('double') }}
        ) as risk,
        case when labelled.is_at_risk then 1 else 0 end as is_at_risk
    from labelled
    {%- if score == 'churn_model' %}
    where labelled.churn_model_risk is not null
    {%- else %}
    union all
    {%- endif %}
    {%- endfor %}

),

-- accounts with the same risk share the mean of their ranks
ranked as (

    select
        risks.*,
        rank() over (
            partition by {{ group_by }}, risks.as_of_date order by risks.risk
        ) + (count(*) over (
            partition by {{ group_by }}, risks.as_of_date, risks.risk
        ) - 1) / 2.0 as rank_among_all,
        rank() over (
            partition by {{ group_by }}, risks.as_of_date, risks.has_churned order by risks.risk
        ) + (count(*) over (
            partition by {{ group_by }}, risks.as_of_date, risks.has_churned, risks.risk
        ) - 1) / 2.0 as rank_among_same,
        row_number() over (
            partition by {{ group_by }}, risks.as_of_date
            order by risks.risk desc, risks.account_id asc
        ) as risk_number,
        sum(risks.is_at_risk) over (partition by {{ group_by }}, risks.as_of_date)
            as at_risk_count,
        sum(risks.has_churned) over (partition by {{ group_by }}, risks.as_of_date)
            as churned_of_date,
        sum(1 - risks.has_churned) over (partition by {{ group_by }}, risks.as_of_date)
            as stayed_of_date
    from risks

),

placed as (

    select
        ranked.*,
        case when ranked.risk_number <= ranked.at_risk_count then 1 else 0 end as is_flagged,
        case
            when ranked.has_churned = 1
                then
                    (ranked.rank_among_all - ranked.rank_among_same)
                    / nullif(ranked.stayed_of_date, 0)
        end as churned_placement,
        case
            when ranked.has_churned = 0
                then
                    1 - (ranked.rank_among_all - ranked.rank_among_same)
                    / nullif(ranked.churned_of_date, 0)
        end as stayed_placement
    from ranked

),

dated as (

    select
        placed.sample_name,
        placed.score_name,
        placed.horizon_days,
        placed.as_of_date,
        {{ exact_mean('placed.churned_placement') }} as auc_of_date
    from placed
    group by placed.sample_name, placed.score_name, placed.horizon_days, placed.as_of_date

),

summed as (

    select
        placed.sample_name,
        placed.score_name,
        placed.horizon_days,
        min(placed.as_of_date) as first_date,
        max(placed.as_of_date) as last_date,
        count(distinct placed.as_of_date) as dates_count,
        count(distinct placed.account_id) as accounts_count,
        count(*) as judged_count,
        sum(placed.has_churned) as churned_count,
        count(distinct case when placed.has_churned = 1 then placed.account_id end)
            as churned_accounts_count,
        count(placed.churned_placement) as placed_count,
        sum(placed.is_flagged) as flagged_count,
        sum(placed.is_flagged * placed.has_churned) as flagged_churned_count,
        {{ exact_mean('placed.churned_placement') }} as auc_roc
    from placed
    group by placed.sample_name, placed.score_name, placed.horizon_days

),

-- how far each account moves the AUC, all its dates together: they are no independent witnesses
influences as (

    select
        placed.sample_name,
        placed.score_name,
        placed.horizon_days,
        placed.account_id,
        {{ exact_sum('case
            when placed.has_churned = 1 then placed.churned_placement - summed.auc_roc
            else (placed.stayed_placement - dated.auc_of_date)
                * placed.churned_of_date / placed.stayed_of_date
        end') }} as influence
    from placed
    inner join summed
        on
            placed.sample_name = summed.sample_name
            and placed.score_name = summed.score_name
            and placed.horizon_days = summed.horizon_days
    inner join dated
        on
            placed.sample_name = dated.sample_name
            and placed.score_name = dated.score_name
            and placed.horizon_days = dated.horizon_days
            and placed.as_of_date = dated.as_of_date
    group by
        placed.sample_name, placed.score_name, placed.horizon_days, placed.account_id

),

spread as (

    select
        influences.sample_name,
        influences.score_name,
        influences.horizon_days,
        sqrt({{ exact_sum('influences.influence * influences.influence') }}
            * count(*) / nullif(count(*) - 1, 0)) as auc_spread,
        sqrt({{ exact_sum('(influences.influence - baseline.influence)
            * (influences.influence - baseline.influence)') }}
            * count(*) / nullif(count(*) - 1, 0)) as gain_spread
    from influences
    inner join influences as baseline
        on
            influences.sample_name = baseline.sample_name
            and influences.horizon_days = baseline.horizon_days
            and influences.account_id = baseline.account_id
            and baseline.score_name = 'three_signal_score'
    group by influences.sample_name, influences.score_name, influences.horizon_days

),

-- an interval on the scale of log-odds cannot leave 0 to 1
bounded as (

    select
        summed.*,
        case
            when summed.auc_roc > 0 and summed.auc_roc < 1
                then ln(summed.auc_roc / (1 - summed.auc_roc))
        end as auc_log_odds,
        case
            when summed.auc_roc > 0 and summed.auc_roc < 1
                then
                    intervals.z * spread.auc_spread
                    / (summed.placed_count * summed.auc_roc * (1 - summed.auc_roc))
        end as auc_half_width,
        case
            when summed.score_name <> 'three_signal_score'
                then summed.auc_roc - baseline.auc_roc
        end as auc_gain,
        intervals.z * spread.gain_spread / summed.placed_count as gain_half_width
    from summed
    cross join intervals
    inner join spread
        on
            summed.sample_name = spread.sample_name
            and summed.score_name = spread.score_name
            and summed.horizon_days = spread.horizon_days
    inner join summed as baseline
        on
            summed.sample_name = baseline.sample_name
            and summed.horizon_days = baseline.horizon_days
            and baseline.score_name = 'three_signal_score'

),

reported as (

    select
        asked.sample_name,
        asked.score_name,
        asked.horizon_days,
        bounded.first_date,
        bounded.last_date,
        coalesce(bounded.dates_count, 0) as dates_count,
        coalesce(bounded.accounts_count, 0) as accounts_count,
        coalesce(bounded.judged_count, 0) as judged_count,
        coalesce(bounded.churned_count, 0) as churned_count,
        coalesce(bounded.churned_accounts_count, 0) as churned_accounts_count,
        bounded.auc_roc,
        1 / (1 + exp(bounded.auc_half_width - bounded.auc_log_odds)) as auc_lower_bound,
        1 / (1 + exp(-bounded.auc_half_width - bounded.auc_log_odds)) as auc_upper_bound,
        bounded.auc_gain,
        bounded.auc_gain - bounded.gain_half_width as gain_lower_bound,
        bounded.auc_gain + bounded.gain_half_width as gain_upper_bound,
        {{ ratio('bounded.flagged_count', 'bounded.judged_count') }} as flagged_share,
        {{ ratio('bounded.flagged_churned_count', 'bounded.churned_count') }}
            as churned_found_share,
        (
            {{ ratio('bounded.flagged_churned_count', 'bounded.churned_count') }}
            + 1
            - {{ ratio('(bounded.flagged_count - bounded.flagged_churned_count)',
                '(bounded.judged_count - bounded.churned_count)') }}
        ) / 2 as balanced_accuracy,
        1 - {{ ratio('bounded.churned_count', 'bounded.judged_count') }} as nobody_churns_accuracy
    from asked
    left join bounded
        on
            asked.sample_name = bounded.sample_name
            and asked.score_name = bounded.score_name
            and asked.horizon_days = bounded.horizon_days

)

select {{ contract_columns('reported') }}
from reported
