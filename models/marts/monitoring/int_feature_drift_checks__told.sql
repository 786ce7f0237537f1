{{ config(materialized='view') }}

with feature_drift as (

    select * from {{ ref('rpt_feature_drift') }}
    where as_of_date <= {{ as_of_date() }}

),

told as (

    select
        'feature_drift' as check_name,
        feature_drift.target,
        feature_drift.feature_name as checked_object,
        feature_drift.as_of_date,
        feature_drift.is_drifting as is_breach,
        'PSI ' || {{ shown_number('feature_drift.psi') }} || ', by chance at most '
        || {{ shown_number('feature_drift.psi_limit') }}
        || coalesce('; ' || feature_drift.seasonal_note, '') as evidence
    from feature_drift

)

select * from told
