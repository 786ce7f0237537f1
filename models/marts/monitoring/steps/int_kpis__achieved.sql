with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where target = 'churn' and as_of_date = {{ as_of_date() }}

),

tested as (

    select
        performance.metric_name,
        performance.metric_value,
        performance.lower_bound,
        performance.upper_bound
    from {{ ref('stg_ml__model_performance') }} as performance
    inner join nights
        on performance.model_version = nights.model_version
    inner join {{ ref('stg_ml__model_runs') }} as model_runs
        on
            performance.model_version = model_runs.model_version
            and performance.model_kind = model_runs.model_kind
    where
        performance.slice = 'test'
        and performance.metric_name in ('accuracy', 'auc_roc', 'precision_at_capacity')

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

counts as (

    select * from {{ ref('int_worklist_calls__counted') }}
    union all
    select * from {{ ref('int_early_warnings__counted') }}

),

rates as (

    select
        counts.rate_name,
        {{ ratio('counts.hits', 'counts.trials') }} as achieved_value,
        {{ wilson_bound('counts.hits', 'counts.trials', 'intervals.z', '-') }} as lower_bound,
        {{ wilson_bound('counts.hits', 'counts.trials', 'intervals.z', '+') }} as upper_bound
    from counts
    cross join intervals

),

checked as (

    select
        1 - sum(contradictions.rows_failing)
        / cast(nullif(sum(contradictions.rows_checked), 0) as {{ column_type('double') }})
            as achieved_value
    from {{ ref('rpt_source_contradictions') }} as contradictions
    where contradictions.severity = 'error'

),

achieved as (

    select
        case tested.metric_name
            when 'accuracy' then 'churn_accuracy'
            when 'auc_roc' then 'churn_auc'
            else tested.metric_name
        end as kpi_name,
        tested.metric_value as achieved_value,
        tested.lower_bound,
        tested.upper_bound,
        'test slice of the model in use' as basis
    from tested
    union all
    select
        rates.rate_name as kpi_name,
        rates.achieved_value,
        rates.lower_bound,
        rates.upper_bound,
        case
            when rates.rate_name = 'early_warning' then 'churns since 30 days after the first night'
            else 'newest matured week of the nights'
        end as basis
    from rates
    where rates.rate_name <> 'recall_of_worklist' and rates.achieved_value is not null
    union all
    select
        'churn_balanced_accuracy' as kpi_name,
        (1 + recalls.achieved_value - alarms.achieved_value) / 2 as achieved_value,
        (1 + recalls.lower_bound - alarms.upper_bound) / 2 as lower_bound,
        (1 + recalls.upper_bound - alarms.lower_bound) / 2 as upper_bound,
        'newest matured week of the nights' as basis
    from rates as recalls
    inner join rates as alarms
        on recalls.rate_name = 'recall_of_worklist' and alarms.rate_name = 'false_positive_rate'
    where recalls.achieved_value is not null
    union all
    select
        'data_quality' as kpi_name,
        checked.achieved_value,
        cast(null as {{ column_type('double') }}) as lower_bound,
        cast(null as {{ column_type('double') }}) as upper_bound,
        'rows that keep the rules of severity error' as basis
    from checked

)

select * from achieved
