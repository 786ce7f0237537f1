with invoices as (

    {{ landed('stripe_dlt', 'invoice') }}

),

lines as (

    select distinct * from ({{ landed('stripe_dlt', 'invoice__lines__data') }}) as lines

),

discount_amounts as (

    select distinct * from (
        {{ landed('stripe_dlt', 'invoice__lines__data__discount_amounts') }}
    ) as discount_amounts

),

reduced as (

    select
        discount_amounts._dlt_parent_id as line_row,
        {{ json_array_of(
            json_object({'amount': 'discount_amounts.amount'}), 'discount_amounts._dlt_list_idx'
        ) }} as discount_amounts
    from discount_amounts
    group by discount_amounts._dlt_parent_id

),

-- one list until 2025, another one since
taxed as (

    select
        taxes._dlt_parent_id as line_row,
        {{ json_array_of(json_object({
            'amount': 'taxes.amount', 'inclusive': 'taxes.is_inclusive'
        }), 'taxes._dlt_list_idx') }} as tax_amounts
    from (
        select
            older._dlt_parent_id,
            older._dlt_list_idx,
            older.amount,
            older.inclusive as is_inclusive
        from ({{ landed('stripe_dlt', 'invoice__lines__data__tax_amounts') }}) as older
        union
        select
            newer._dlt_parent_id,
            newer._dlt_list_idx,
            newer.amount,
            newer.tax_behavior = 'inclusive' as is_inclusive
        from ({{ landed('stripe_dlt', 'invoice__lines__data__taxes') }}) as newer
    ) as taxes
    group by taxes._dlt_parent_id

),

listed as (

    select
        lines._dlt_parent_id as invoice_row,
        {{ json_array_of(json_object({
            'id': json_quoted('lines.id'),
            'amount': 'lines.amount',
            'currency': json_quoted('lines.currency'),
            'discount_amounts': 'reduced.discount_amounts',
            'tax_amounts': 'taxed.tax_amounts',
            'metadata': dlt_account('lines'),
            'period': json_object({'start': 'lines.period__start', 'end': 'lines.period__end'}),
            'price': dlt_price('lines.price__'),
            'pricing': json_object({'price_details': json_object({
                'price': json_quoted('lines.pricing__price_details__price'),
            })}),
            'proration':
                'coalesce(lines.proration, lines.parent__subscription_item_details__proration)',
            'subscription': json_quoted('coalesce(lines.subscription, '
                ~ 'lines.parent__subscription_item_details__subscription)'),
            'subscription_item': json_quoted('coalesce(lines.subscription_item, '
                ~ 'lines.parent__subscription_item_details__subscription_item)'),
            'type': json_quoted('coalesce(lines.type, lines.parent__type)'),
        }), 'lines._dlt_list_idx') }} as lines
    from lines
    left join reduced
        on lines._dlt_id = reduced.line_row
    left join taxed
        on lines._dlt_id = taxed.line_row
    group by lines._dlt_parent_id

),

read_rows as (

    select
        invoices.id,
        coalesce(invoices.subscription, invoices.parent__subscription_details__subscription)
            as subscription,
        cast(null as {{ column_type('varchar') }}) as parent,
        invoices.livemode,
        invoices.status,
        invoices.currency,
        invoices.amount_due,
        invoices.amount_paid,
        invoices.period_start,
        invoices.period_end,
        invoices.due_date,
        invoices.attempt_count,
        {{ json_object({'has_more': 'invoices.lines__has_more', 'data': 'listed.lines'}) }}
            as lines,
        invoices.pre_payment_credit_notes_amount,
        invoices.post_payment_credit_notes_amount,
        {{ dlt_account('invoices') }} as metadata,
        invoices.created,
        {{ load_epoch('invoices._dlt_load_id') }} as updated,
        {{ load_time('invoices._dlt_load_id') }} as _extracted_at
    from invoices
    left join listed
        on invoices._dlt_id = listed.invoice_row

)

{{ new_versions('read_rows') }}
