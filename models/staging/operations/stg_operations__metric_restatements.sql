with restatements as (

    select * from {{ source('ops', 'metric_restatements') }}

)

select {{ contract_columns('restatements') }}
from restatements
