{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_unpublished_nights(source('ops', 'runs')) }}"
    )
}}

with drifts as (

    select * from {{ ref('int_drifts__measured') }}
    where feature_name = '(score)' and comparison = 'tonight'

),

thresholds as (

    select * from {{ ref('drift_thresholds') }}

),

judged as (

    select
        '{{ var("run_id") }}' as run_id,
        false as is_replayed,
        drifts.*,
        coalesce(own_threshold.notable_psi, default_threshold.notable_psi) as notable_psi,
        drifts.is_beyond_chance
        and drifts.psi - drifts.expected_psi
        >= coalesce(own_threshold.notable_psi, default_threshold.notable_psi) as is_drifting
    from drifts
    left join thresholds as own_threshold
        on drifts.feature_name = own_threshold.feature_name
    left join thresholds as default_threshold
        on default_threshold.feature_name = 'default'

)

select {{ contract_columns('judged') }}
from judged
