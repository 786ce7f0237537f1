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
    where feature_name <> '(score)'

),

thresholds as (

    select * from {{ ref('drift_thresholds') }}

),

compared as (

    select
        tonight.*,
        last_year.psi as last_year_psi,
        coalesce(
            tonight.is_beyond_chance
            and last_year.is_beyond_chance
            and not since_then.is_beyond_chance,
            false
        ) as is_seasonal,
        coalesce(own_threshold.notable_psi, default_threshold.notable_psi) as notable_psi
    from drifts as tonight
    left join drifts as last_year
        on
            tonight.model_version = last_year.model_version
            and tonight.feature_name = last_year.feature_name
            and last_year.comparison = 'a year before'
    left join drifts as since_then
        on
            tonight.model_version = since_then.model_version
            and tonight.feature_name = since_then.feature_name
            and since_then.comparison = 'tonight to a year before'
    left join thresholds as own_threshold
        on tonight.feature_name = own_threshold.feature_name
    left join thresholds as default_threshold
        on default_threshold.feature_name = 'default'
    where tonight.comparison = 'tonight'

),

judged as (

    select
        '{{ var("run_id") }}' as run_id,
        false as is_replayed,
        compared.*,
        compared.is_beyond_chance
        and compared.psi - compared.expected_psi >= compared.notable_psi as is_drifting,
        case
            when not compared.is_beyond_chance then null
            when compared.last_year_psi is null then 'no year before to compare with'
            when compared.is_seasonal then 'the same week of last year showed the same'
            else 'the same week of last year did not show this'
        end as seasonal_note
    from compared

)

select {{ contract_columns('judged') }}
from judged
