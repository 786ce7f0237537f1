with failed as (

    select
        charges.*,
        row_number() over (
            partition by charges.id order by charges._airbyte_extracted_at
        ) as reading_number
    from ({{ landed('stripe_airbyte', 'charges') }}) as charges
    where charges.status = 'failed' and coalesce(charges.livemode, true)

)

select
    failed.id,
    failed.invoice,
    failed.amount,
    failed.currency,
    failed.failure_code,
    failed.livemode,
    failed.metadata,
    failed.created,
    failed._airbyte_extracted_at as _extracted_at
from failed
where failed.reading_number = 1
