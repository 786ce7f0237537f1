-- a new check is one more part of this union, and a row of the seed
with checks as (

    select
        'feature_drift' as check_name,
        feature_drift.target,
        feature_drift.feature_name as checked_object,
        feature_drift.as_of_date,
        feature_drift.is_drifting as is_breach,
        'PSI ' || {{ shown_number('feature_drift.psi') }} || ', by chance at most '
        || {{ shown_number('feature_drift.psi_limit') }}
        || coalesce('; ' || feature_drift.seasonal_note, '') as evidence
    from {{ ref('rpt_feature_drift') }} as feature_drift
    where feature_drift.as_of_date <= {{ as_of_date() }}
    union all
    select
        'score_drift' as check_name,
        score_drift.target,
        'probabilities' as checked_object,
        score_drift.as_of_date,
        score_drift.is_drifting as is_breach,
        'PSI ' || {{ shown_number('score_drift.psi') }} || ', by chance at most '
        || {{ shown_number('score_drift.psi_limit') }} as evidence
    from {{ ref('rpt_score_drift') }} as score_drift
    where score_drift.as_of_date <= {{ as_of_date() }}
    union all
    select
        'prediction_volume' as check_name,
        volumes.target,
        'accounts scored' as checked_object,
        volumes.as_of_date,
        volumes.is_dropped as is_breach,
        cast(volumes.scored_count as varchar(20)) || ' scored, '
        || cast(volumes.previous_count as varchar(20)) || ' the night before' as evidence
    from {{ ref('rpt_prediction_volume') }} as volumes
    union all
    select
        'realised_performance' as check_name,
        performance.target,
        'AUC' as checked_object,
        performance.as_of_date,
        performance.is_below_level as is_breach,
        'AUC ' || {{ shown_number('performance.auc_roc') }} || ' ('
        || {{ shown_number('performance.auc_lower_bound') }} || ' to '
        || {{ shown_number('performance.auc_upper_bound') }} || '), below '
        || {{ shown_number('performance.level_auc') }} || '; promised '
        || {{ shown_number('performance.promised_auc') }} as evidence
    from {{ ref('rpt_realised_performance') }} as performance
    union all
    select
        'sentiment_drift' as check_name,
        'none' as target,
        'ticket comments' as checked_object,
        sentiment.as_of_date,
        sentiment.is_drifting as is_breach,
        'mean score ' || {{ shown_number('sentiment.recent_score') }} || ', before '
        || {{ shown_number('sentiment.reference_score') }} || '; by chance at most '
        || {{ shown_number('sentiment.change_limit') }} || ' apart' as evidence
    from {{ ref('rpt_sentiment_drift') }} as sentiment
    where sentiment.as_of_date <= {{ as_of_date() }}
    union all
    select
        business.check_name,
        'none' as target,
        business.checked_object,
        business.as_of_date,
        business.is_breach,
        business.evidence
    from {{ ref('int_business_rules__checked') }} as business

),

rules as (

    select * from {{ ref('alert_rules') }}

),

-- each check that holds begins a new island
numbered as (

    select
        checks.*,
        sum(case when checks.is_breach then 0 else 1 end) over (
            partition by checks.check_name, checks.target, checks.checked_object
            order by checks.as_of_date
        ) as island_number,
        -- what a new champion does not read is not checked any more
        max(checks.as_of_date) over (
            partition by checks.check_name, checks.target
        ) as last_checked_date
    from checks

),

breaches as (

    select
        numbered.*,
        min(numbered.as_of_date) over (
            partition by
                numbered.check_name, numbered.target, numbered.checked_object,
                numbered.island_number
        ) as first_seen_date,
        row_number() over (
            partition by
                numbered.check_name, numbered.target, numbered.checked_object,
                numbered.island_number
            order by numbered.as_of_date
        ) as consecutive_count
    from numbered
    where numbered.is_breach

),

ruled as (

    select
        breaches.as_of_date,
        rules.incident,
        breaches.check_name,
        breaches.target,
        breaches.checked_object,
        case
            when breaches.consecutive_count >= rules.error_from_count then 'error'
            else 'warn'
        end as severity,
        breaches.evidence,
        breaches.first_seen_date,
        breaches.consecutive_count,
        breaches.as_of_date = breaches.last_checked_date as is_standing,
        rules.what_to_do
    from breaches
    left join rules
        on breaches.check_name = rules.check_name

)

select {{ contract_columns('ruled') }}
from ruled
