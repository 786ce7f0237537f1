with deliveries as (

    select * from {{ ref('stg_operations__deliveries') }}
    where is_newest

)

select {{ contract_columns('deliveries') }}
from deliveries
