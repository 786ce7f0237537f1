with failed as (

    select
        charges.*,
        row_number() over (
            partition by charges.id order by charges._fivetran_synced
        ) as reading_number
    from ({{ landed('stripe_fivetran', 'charge') }}) as charges
    where charges.status = 'failed' and coalesce(charges.livemode, true)

)

select
    failed.id,
    failed.invoice_id as invoice,
    failed.amount,
    failed.currency,
    failed.failure_code,
    failed.livemode,
    failed.metadata,
    {{ timestamp_to_epoch('failed.created') }} as created,
    failed._fivetran_synced as _extracted_at
from failed
where failed.reading_number = 1
