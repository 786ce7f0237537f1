{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='fail',
        pre_hook="{{ delete_unpublished_nights(source('ops', 'runs')) }}"
    )
}}

with ranked as (

    select * from {{ ref('int_at_risk_accounts__ranked') }}

)

select {{ contract_columns('ranked') }}
from ranked
