with payment_failures as (

    select * from {{ ref('stg_subscription__payment_failures') }}

)

select
    payment_failures.account_id,
    'payment_failures_90d' as measure,
    cast(payment_failures.failed_at as date) as happened_date,
    {{ add_days('payment_failures.known_at', 1) }} as effective_from_date,
    {{ add_days('payment_failures.failed_at', 91) }} as effective_until_date,
    1.0 as amount
from payment_failures
