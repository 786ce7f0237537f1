with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where target = 'churn' and as_of_date = {{ as_of_date() }}

),

tested as (

    select
        performance.metric_name,
        case when performance.model_kind = 'nobody_churns' then 'baseline' else 'model' end as kind,
        performance.metric_value,
        performance.lower_bound,
        performance.upper_bound,
        performance.positives / cast(performance.examples as {{ column_type('double') }})
            as base_rate
    from {{ ref('stg_ml__model_performance') }} as performance
    inner join nights
        on performance.model_version = nights.model_version
    inner join {{ ref('stg_ml__model_runs') }} as model_runs
        on
            performance.model_version = model_runs.model_version
            and performance.model_kind in (model_runs.model_kind, 'nobody_churns')
    where performance.slice = 'test'

),

-- the z of the share that a target lets be missed, or flagged for nothing
aimed as (

    select
        targets.kpi_name,
        {{ normal_quantile("(case targets.kpi_name
            when 'early_warning' then 1 - targets.target_value else targets.target_value
        end)") }} as z
    from {{ ref('kpi_targets') }} as targets
    where targets.kpi_name in ('early_warning', 'false_positive_rate')

),

-- how far apart two equal normal curves of score lie that give the measured AUC
separated as (

    select
        sqrt(2) * {{ normal_quantile('(1 - tested.metric_value)') }} as separation
    from tested
    where
        tested.kind = 'model'
        and tested.metric_name = 'auc_roc'
        and tested.metric_value > 0.5
        and tested.metric_value < 1

),

feasible as (

    select
        'churn_balanced_accuracy' as kpi_name,
        {{ normal_probability('(separated.separation / 2)') }} as feasible_value
    from separated
    union all
    -- each of the two at the other one's target
    select
        'early_warning' as kpi_name,
        {{ normal_probability('(separated.separation - aimed.z)') }} as feasible_value
    from separated
    inner join aimed on aimed.kpi_name = 'false_positive_rate'
    union all
    select
        'false_positive_rate' as kpi_name,
        {{ normal_probability('(aimed.z - separated.separation)') }} as feasible_value
    from separated
    inner join aimed on aimed.kpi_name = 'early_warning'
    union all
    select
        'precision_at_capacity' as kpi_name,
        least(1, max(case when tested.metric_name = 'precision_at_capacity'
            then tested.metric_value end) / nullif(max(case
            when tested.metric_name = 'recall_at_capacity' then tested.metric_value
        end), 0)) as feasible_value
    from tested
    where tested.kind = 'model'

),

baselines as (

    select
        'churn_accuracy' as kpi_name,
        max(tested.metric_value) as baseline_value
    from tested
    where tested.kind = 'baseline' and tested.metric_name = 'accuracy'
    union all
    select
        'precision_at_capacity' as kpi_name,
        max(tested.base_rate) as baseline_value
    from tested

),

bounded as (

    select
        targets.kpi_name,
        round(feasible.feasible_value, 6) as feasible_value,
        coalesce(baselines.baseline_value, targets.baseline_value) as baseline_value,
        tested.metric_value as promised_value,
        tested.lower_bound as promised_lower_bound,
        tested.upper_bound as promised_upper_bound
    from {{ ref('kpi_targets') }} as targets
    left join feasible
        on targets.kpi_name = feasible.kpi_name
    left join baselines
        on targets.kpi_name = baselines.kpi_name
    left join tested
        on
            targets.test_metric_name = tested.metric_name
            and tested.kind = 'model'

)

select * from bounded
