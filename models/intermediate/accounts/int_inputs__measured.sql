with measured as (

    select * from {{ ref('int_input_lags__measured') }}
    union all
    select * from {{ ref('int_input_volumes__measured') }}
    union all
    select * from {{ ref('int_input_null_rates__measured') }}

)

select
    measured.check_name,
    cast(measured.measured_value as {{ column_type('double') }}) as measured_value
from measured
