-- the bins of each model in use, with tonight's values and those of the same weekday a year before
with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where as_of_date = {{ as_of_date() }}

),

bins as (

    select * from {{ ref('stg_ml__feature_bins') }}

),

features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date in ({{ as_of_date() }}, {{ add_days(as_of_date(), -364) }})

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where as_of_date = {{ as_of_date() }}

),

live_bins as (

    select bins.*
    from bins
    inner join nights
        on bins.model_version = nights.model_version

),

measured_features as (

    select distinct
        live_bins.model_version,
        live_bins.target,
        live_bins.feature_name
    from live_bins

),

valued as (

    select
        measured_features.model_version,
        measured_features.feature_name,
        features.as_of_date,
        {{ feature_value('measured_features.feature_name', 'features') }} as drift_value
    from measured_features
    inner join features
        on
            (measured_features.target = 'conversion' and features.is_trial)
            or (measured_features.target <> 'conversion' and features.is_paying)
    where measured_features.feature_name <> '(score)'
    union all
    select
        predictions.model_version,
        '(score)' as feature_name,
        predictions.as_of_date,
        predictions.probability as drift_value
    from predictions

),

counted as (

    select
        live_bins.model_version,
        live_bins.feature_name,
        live_bins.bin_number,
        sum(case when valued.as_of_date = {{ as_of_date() }} then 1 else 0 end) as tonight_count,
        sum(case when valued.as_of_date < {{ as_of_date() }} then 1 else 0 end) as last_year_count
    from live_bins
    inner join valued
        on
            live_bins.model_version = valued.model_version
            and live_bins.feature_name = valued.feature_name
            and (
                (live_bins.bin_number = 0 and valued.drift_value is null)
                or (
                    live_bins.bin_number > 0
                    and (
                        live_bins.lower_bound is null or valued.drift_value >= live_bins.lower_bound
                    )
                    and (
                        live_bins.upper_bound is null or valued.drift_value < live_bins.upper_bound
                    )
                )
            )
    group by live_bins.model_version, live_bins.feature_name, live_bins.bin_number

),

completed as (

    select
        live_bins.target,
        live_bins.model_version,
        live_bins.feature_name,
        live_bins.bin_number,
        live_bins.share as reference_share,
        coalesce(counted.tonight_count, 0) as tonight_count,
        coalesce(counted.last_year_count, 0) as last_year_count
    from live_bins
    left join counted
        on
            live_bins.model_version = counted.model_version
            and live_bins.feature_name = counted.feature_name
            and live_bins.bin_number = counted.bin_number

)

select * from completed
