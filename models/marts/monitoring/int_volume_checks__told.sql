{{ config(materialized='view') }}

with volumes as (

    select * from {{ ref('rpt_prediction_volume') }}

),

told as (

    select
        'prediction_volume' as check_name,
        volumes.target,
        'accounts scored' as checked_object,
        volumes.as_of_date,
        volumes.is_dropped as is_breach,
        cast(volumes.scored_count as varchar(20)) || ' scored, '
        || cast(volumes.previous_count as varchar(20)) || ' the night before' as evidence
    from volumes

)

select * from told
