{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_unpublished_nights(source('ops', 'runs')) }}"
    )
}}

with listed as (

    select
        *,
        false as is_replayed
    from {{ ref('int_at_risk_accounts__listed') }}

)

select {{ contract_columns('listed') }}
from listed
