with failed as (

    select
        charges.*,
        row_number() over (
            partition by charges.id order by charges._dlt_load_id
        ) as reading_number
    from ({{ landed('stripe_dlt', 'charge') }}) as charges
    where charges.status = 'failed' and coalesce(charges.livemode, true)

)

select
    failed.id,
    failed.invoice,
    failed.amount,
    failed.currency,
    failed.failure_code,
    failed.livemode,
    {{ dlt_account('failed') }} as metadata,
    failed.created,
    {{ load_time('failed._dlt_load_id') }} as _extracted_at
from failed
where failed.reading_number = 1
