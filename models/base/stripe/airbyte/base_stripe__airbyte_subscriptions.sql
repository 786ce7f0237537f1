with subscriptions as (

    {{ landed('stripe_airbyte', 'subscriptions') }}

),

read_rows as (

    select
        subscriptions.id,
        subscriptions.customer,
        subscriptions.status,
        subscriptions.currency,
        -- a version with a gap is one that cannot be read, not one with nothing there
        case
            when {{ airbyte_lost('subscriptions', [
                'status', 'items', 'discount', 'discounts', 'default_tax_rates', 'metadata',
                'pause_collection', 'cancel_at', 'ended_at', 'start_date', 'trial_end',
                'current_period_end',
            ]) }} then 'lost in the sync'
            else subscriptions.items
        end as items,
        subscriptions.discount,
        subscriptions.discounts,
        subscriptions.default_tax_rates,
        subscriptions.automatic_tax,
        subscriptions.livemode,
        subscriptions.trial_settings,
        subscriptions.cancel_at,
        subscriptions.start_date,
        subscriptions.trial_start,
        subscriptions.trial_end,
        subscriptions.current_period_start,
        subscriptions.current_period_end,
        subscriptions.cancel_at_period_end,
        subscriptions.canceled_at,
        subscriptions.ended_at,
        subscriptions.cancellation_details,
        subscriptions.pause_collection,
        subscriptions.metadata,
        subscriptions.created,
        coalesce(
            subscriptions.updated, {{ timestamp_to_epoch('subscriptions._airbyte_extracted_at') }}
        ) as updated,
        -- the event `customer.subscription.deleted` says no more than that it ended
        coalesce(
            subscriptions.is_deleted
            and subscriptions.status not in ('canceled', 'incomplete_expired'),
            false
        ) as _is_deleted,
        subscriptions._airbyte_extracted_at as _extracted_at
    from subscriptions

)

{{ new_versions('read_rows') }}
