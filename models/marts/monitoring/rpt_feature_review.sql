{%- set review_days = 90 -%}

with reasons as (

    select * from {{ ref('stg_ml__prediction_reasons') }}
    where as_of_date = {{ as_of_date() }}

),

features as (

    select * from {{ ref('feature_groups') }}

),

drifts as (

    select
        drifts.target,
        drifts.feature_name,
        count(*) as nights_count,
        sum(case when drifts.is_drifting then 1 else 0 end) as drifting_nights,
        max(case when drifts.is_drifting then drifts.as_of_date end) as last_drift_date
    from {{ ref('rpt_feature_drift') }} as drifts
    where
        drifts.as_of_date > {{ add_days(as_of_date(), -review_days) }}
        and drifts.as_of_date <= {{ as_of_date() }}
    group by drifts.target, drifts.feature_name

),

sentiments as (

    select sum(case when sentiments.is_drifting then 1 else 0 end) as drifting_nights
    from {{ ref('rpt_sentiment_drift') }} as sentiments
    where
        sentiments.as_of_date > {{ add_days(as_of_date(), -review_days) }}
        and sentiments.as_of_date <= {{ as_of_date() }}

),

ablations as (

    select * from {{ ref('rpt_feature_ablation') }}
    where left_out_kind = 'feature'

),

decisions as (

    select
        decisions.*,
        row_number() over (
            partition by decisions.target, decisions.feature_name
            order by decisions.decided_date desc
        ) as recency
    from {{ ref('feature_reviews') }} as decisions
    where decisions.decided_date <= {{ as_of_date() }}

),

targets as (

    select
        reasons.target,
        max(reasons.model_version) as model_version
    from reasons
    group by reasons.target

),

-- decimals: sums that do not depend on the order of the rows
weighed as (

    select
        reasons.target,
        reasons.feature_name,
        sum(cast(abs(reasons.contribution) as decimal(18, 12))) / count(*) as importance,
        sum(case when reasons.feature_value is null then 1 else 0 end)
        / cast(count(*) as {{ column_type('double') }}) as unknown_share
    from reasons
    group by reasons.target, reasons.feature_name

),

joined as (

    select
        {{ as_of_date() }} as as_of_date,
        targets.target,
        targets.model_version,
        features.feature_name,
        features.reason_group,
        cast(weighed.importance as {{ column_type('double') }}) as importance,
        case
            when weighed.importance is not null
                then rank() over (
                    partition by targets.target
                    order by coalesce(weighed.importance, -1) desc
                )
        end as importance_rank,
        weighed.unknown_share,
        coalesce(drifts.nights_count, 0) as nights_count,
        coalesce(drifts.drifting_nights, 0) as drifting_nights,
        drifts.last_drift_date,
        ablations.auc_difference,
        ablations.is_for_review as adds_nothing,
        case
            when features.feature_name like 'sentiment%'
                then coalesce(sentiments.drifting_nights, 0)
        end as sentiment_drifting_nights,
        decisions.decision,
        decisions.author as decided_by,
        decisions.decided_date,
        decisions.reason as decision_reason
    from targets
    cross join features
    cross join sentiments
    left join weighed
        on targets.target = weighed.target and features.feature_name = weighed.feature_name
    left join drifts
        on targets.target = drifts.target and features.feature_name = drifts.feature_name
    left join ablations
        on targets.target = ablations.target and features.feature_name = ablations.left_out
    left join decisions
        on
            targets.target = decisions.target
            and features.feature_name = decisions.feature_name
            and decisions.recency = 1

),

found as (

    select
        joined.*,
        case
            when joined.importance is null then 'not in the model'
            when joined.unknown_share > 0.5 then 'unknown of most accounts'
            when joined.drifting_nights > 0 or joined.sentiment_drifting_nights > 0 then 'drifts'
            when joined.adds_nothing then 'adds nothing'
            when joined.importance < 0.005 then 'moves no score'
            else 'nothing'
        end as finding
    from joined

)

select {{ contract_columns('found') }}
from found
