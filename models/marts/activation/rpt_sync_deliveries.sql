with deliveries as (

    select * from {{ ref('stg_operations__deliveries') }}

)

select {{ contract_columns('deliveries') }}
from deliveries
