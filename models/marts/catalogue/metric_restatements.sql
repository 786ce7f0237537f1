{{ config(materialized='view') }}

-- A view: a night restates after its values are built and before they are published.
with restatements as (

    select * from {{ ref('stg_operations__metric_restatements') }}

)

select {{ contract_columns('restatements') }}
from restatements
