with source as (

    {{ landed('stripe', 'invoices') }}

),

unnested as (

    select
        source.id as invoice_id,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at,
        -- the API's list object, or a mere list
        {{ unnest_json_array(
            'coalesce(' ~ json_text(readable_json('source.lines'), ['data']) ~ ', '
            ~ readable_json('source.lines') ~ ')'
        ) }} as line
    from source
    where coalesce(source.livemode, true)

),

-- until 2025 the fields stand in the line itself, from then on in its parent and pricing
renamed as (

    select
        unnested.invoice_id,
        {{ json_text('unnested.line', ['id']) }} as line_id,
        {{ json_text('unnested.line', ['metadata', 'account_id']) }} as account_id,
        coalesce(
            {{ json_text('unnested.line', ['subscription']) }},
            {{ json_text('unnested.line',
                ['parent', 'subscription_item_details', 'subscription']) }},
            {{ json_text('unnested.line', ['parent', 'invoice_item_details', 'subscription']) }}
        ) as subscription_id,
        coalesce(
            {{ json_text('unnested.line', ['subscription_item']) }},
            {{ json_text('unnested.line',
                ['parent', 'subscription_item_details', 'subscription_item']) }}
        ) as subscription_item_id,
        coalesce(
            {{ json_text('unnested.line', ['price', 'id']) }},
            {{ json_text('unnested.line', ['plan', 'id']) }},
            {{ json_text('unnested.line', ['pricing', 'price_details', 'price']) }}
        ) as price_id,
        coalesce(
            {{ json_text('unnested.line', ['type']) }},
            {{ json_text('unnested.line', ['parent', 'type']) }}
        ) as line_type,
        coalesce(
            {{ json_text('unnested.line', ['price', 'recurring', 'usage_type']) }},
            {{ json_text('unnested.line', ['plan', 'usage_type']) }}
        ) as usage_type,
        coalesce(
            {{ json_text('unnested.line', ['price', 'recurring', 'interval']) }},
            {{ json_text('unnested.line', ['plan', 'interval']) }}
        ) as billing_interval,
        coalesce(
            {{ whole_number(
                json_text('unnested.line', ['price', 'recurring', 'interval_count'])
            ) }},
            {{ whole_number(json_text('unnested.line', ['plan', 'interval_count'])) }}
        ) as billing_interval_count,
        lower({{ json_text('unnested.line', ['currency']) }}) as currency,
        {{ whole_number(json_text('unnested.line', ['amount'])) }} as amount_minor,
        {{ json_array_sum(json_text('unnested.line', ['discount_amounts']), 'amount') }}
            as discount_minor,
        coalesce(
            {{ json_array_sum_where(
                json_list('unnested.line', 'tax_amounts'), 'amount', 'inclusive', 'true'
            ) }},
            {{ json_array_sum_where(
                json_list('unnested.line', 'taxes'), 'amount', 'tax_behavior', 'inclusive'
            ) }},
            0
        ) as inclusive_tax_minor,
        coalesce(
            {{ json_text('unnested.line', ['proration']) }},
            {{ json_text('unnested.line',
                ['parent', 'subscription_item_details', 'proration']) }},
            {{ json_text('unnested.line', ['parent', 'invoice_item_details', 'proration']) }},
            'false'
        ) = 'true' as is_proration,
        {{ epoch_to_timestamp(json_text('unnested.line', ['period', 'start'])) }}
            as period_started_at,
        {{ epoch_to_timestamp(json_text('unnested.line', ['period', 'end'])) }}
            as period_ended_at,
        unnested.changed_at,
        unnested.known_at
    from unnested

)

select * from renamed
