with source as (

    {{ landed('stripe', 'subscriptions') }}

),

unnested as (

    select
        source.id as subscription_id,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at,
        lower(source.currency) as subscription_currency,
        {{ readable_json('source.automatic_tax') }} as automatic_tax,
        {{ json_list(readable_json('source.default_tax_rates')) }} as default_tax_rates,
        {{ unnest_json_array(json_list(readable_json('source.items'))) }} as item
    from source
    where coalesce(source.livemode, true)

),

renamed as (

    select
        unnested.subscription_id,
        {{ json_text('unnested.item', ['id']) }} as item_id,
        {{ stripe_price(
            'unnested.item', 'unnested.subscription_currency', 'unnested.automatic_tax'
        ) }},
        {{ stripe_tax_percent([
            json_list('unnested.item', 'tax_rates'), 'unnested.default_tax_rates'
        ]) }} as inclusive_tax_percent,
        {{ whole_number(json_text('unnested.item', ['quantity'])) }} as quantity,
        -- the plan says what its quantity counts, and what comes on top
        cast(null as {{ column_type('varchar') }}) as quantity_unit,
        cast(null as boolean) as is_add_on,
        {{ epoch_to_timestamp(
            json_text('unnested.item', ['current_period_start'])
        ) }} as period_started_at,
        {{ epoch_to_timestamp(
            json_text('unnested.item', ['current_period_end'])
        ) }} as period_ended_at,
        {{ unreadable_columns({
            'items.current_period_start': unreadable_epoch(
                json_text('unnested.item', ['current_period_start'])
            ),
            'items.current_period_end': unreadable_epoch(
                json_text('unnested.item', ['current_period_end'])
            ),
        }) }} as unreadable,
        unnested.changed_at,
        unnested.known_at
    from unnested

)

select * from renamed
