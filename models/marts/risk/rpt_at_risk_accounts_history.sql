{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_unpublished_nights(source('ops', 'runs')) }}"
    )
}}

with ranked as (

    select * from {{ ref('int_at_risk_accounts__ranked') }}

)

select
    ranked.run_id,
    ranked.as_of_date,
    ranked.account_id,
    ranked.life_number,
    ranked.model_version,
    ranked.risk_rank,
    ranked.churn_probability,
    ranked.risk_tier,
    ranked.is_on_worklist,
    ranked.arr_usd
from ranked
