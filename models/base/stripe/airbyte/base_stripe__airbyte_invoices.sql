with invoices as (

    {{ landed('stripe_airbyte', 'invoices') }}

),

read_rows as (

    select
        invoices.id,
        invoices.subscription,
        invoices.parent,
        invoices.livemode,
        invoices.status,
        invoices.currency,
        invoices.amount_due,
        invoices.amount_paid,
        invoices.period_start,
        invoices.period_end,
        invoices.due_date,
        invoices.attempt_count,
        case
            when {{ airbyte_lost('invoices', ['lines', 'status', 'subscription', 'metadata']) }}
                then 'lost in the sync'
            else invoices.lines
        end as lines,
        invoices.pre_payment_credit_notes_amount,
        invoices.post_payment_credit_notes_amount,
        invoices.metadata,
        invoices.created,
        coalesce(invoices.updated, {{ timestamp_to_epoch('invoices._airbyte_extracted_at') }})
            as updated,
        invoices._airbyte_extracted_at as _extracted_at
    from invoices

)

{{ new_versions('read_rows') }}
