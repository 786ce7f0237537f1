{{ config(materialized='view') }}

with score_drift as (

    select * from {{ ref('rpt_score_drift') }}
    where as_of_date <= {{ as_of_date() }}

),

told as (

    select
        'score_drift' as check_name,
        score_drift.target,
        'probabilities' as checked_object,
        score_drift.as_of_date,
        score_drift.is_drifting as is_breach,
        'PSI ' || {{ shown_number('score_drift.psi') }} || ', by chance at most '
        || {{ shown_number('score_drift.psi_limit') }} as evidence
    from score_drift

)

select * from told
