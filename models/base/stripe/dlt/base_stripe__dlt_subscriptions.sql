with subscriptions as (

    {{ landed('stripe_dlt', 'subscription') }}

),

items as (

    select distinct * from ({{ landed('stripe_dlt', 'subscription__items__data') }}) as items

),

discounts as (

    {% for table in ['subscription__discounts', 'subscription__items__data__discounts'] -%}
    select distinct
        listed.value,
        listed.id,
        listed.coupon__percent_off,
        listed.coupon__amount_off,
        listed.coupon__currency,
        listed.coupon__duration,
        listed.coupon__duration_in_months,
        listed.start,
        listed.end,
        listed._dlt_parent_id,
        listed._dlt_list_idx
    from ({{ landed('stripe_dlt', table) }}) as listed
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}
),

-- a discount that the load did not ask to expand is its id alone
discounted as (

    select
        discounts._dlt_parent_id as owner_row,
        {{ json_array_of(
            'coalesce(' ~ json_quoted('discounts.value') ~ ', ' ~ dlt_discount('discounts.') ~ ')',
            'discounts._dlt_list_idx'
        ) }} as discounts
    from discounts
    group by discounts._dlt_parent_id

),

item_taxes as (

    {{ dlt_tax_rates('subscription__items__data__tax_rates') }}

),

subscription_taxes as (

    {{ dlt_tax_rates('subscription__default_tax_rates') }}

),

listed as (

    select
        items._dlt_parent_id as subscription_row,
        {{ json_array_of(json_object({
            'id': json_quoted('items.id'),
            'quantity': 'items.quantity',
            'price': dlt_price('items.price__'),
            'discounts': 'discounted.discounts',
            'tax_rates': 'item_taxes.tax_rates',
            'current_period_start': 'items.current_period_start',
            'current_period_end': 'items.current_period_end',
        }), 'items._dlt_list_idx') }} as items
    from items
    left join discounted
        on items._dlt_id = discounted.owner_row
    left join item_taxes
        on items._dlt_id = item_taxes.owner_row
    group by items._dlt_parent_id

),

read_rows as (

    select
        subscriptions.id,
        subscriptions.customer,
        subscriptions.status,
        subscriptions.currency,
        {{ json_object({'has_more': 'subscriptions.items__has_more', 'data': 'listed.items'}) }}
            as items,
        case
            when subscriptions.discount__id is not null
                then {{ dlt_discount('subscriptions.discount__') }}
        end as discount,
        discounted.discounts,
        subscription_taxes.tax_rates as default_tax_rates,
        {{ json_object({'enabled': 'subscriptions.automatic_tax__enabled'}) }} as automatic_tax,
        subscriptions.livemode,
        {{ json_object({'end_behavior': json_object({
            'missing_payment_method': json_quoted(
                'subscriptions.trial_settings__end_behavior__missing_payment_method'
            )
        })}) }} as trial_settings,
        subscriptions.cancel_at,
        subscriptions.start_date,
        subscriptions.trial_start,
        subscriptions.trial_end,
        subscriptions.current_period_start,
        subscriptions.current_period_end,
        subscriptions.cancel_at_period_end,
        subscriptions.canceled_at,
        subscriptions.ended_at,
        {{ json_object({
            'reason': json_quoted('subscriptions.cancellation_details__reason')
        }) }} as cancellation_details,
        {{ json_object({
            'behavior': json_quoted('subscriptions.pause_collection__behavior'),
            'resumes_at': 'subscriptions.pause_collection__resumes_at',
        }) }} as pause_collection,
        {{ dlt_account('subscriptions') }} as metadata,
        subscriptions.created,
        {{ load_epoch('subscriptions._dlt_load_id') }} as updated,
        false as _is_deleted,
        {{ load_time('subscriptions._dlt_load_id') }} as _extracted_at
    from subscriptions
    left join listed
        on subscriptions._dlt_id = listed.subscription_row
    left join discounted
        on subscriptions._dlt_id = discounted.owner_row
    left join subscription_taxes
        on subscriptions._dlt_id = subscription_taxes.owner_row

)

{{ new_versions('read_rows') }}
