{{ config(materialized='view') }}

with performance as (

    select * from {{ ref('rpt_realised_performance') }}

),

told as (

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
    from performance

)

select * from told
