with churns as (

    select * from {{ ref('int_account_churns__dated') }}

)

select
    churns.account_id,
    churns.churn_date,
    churns.returned_date,
    {{ add_days('churns.churn_date', var('churn_gap_days') + 1) }} as established_date
from churns
