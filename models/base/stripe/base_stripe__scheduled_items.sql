with source as (

    {{ landed('stripe', 'subscription_schedules') }}

),

phases as (

    select
        source.id as schedule_id,
        source.subscription as subscription_id,
        source.status,
        source.end_behavior,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at,
        {{ unnest_json_array(json_list(readable_json('source.phases'))) }} as phase
    from source
    where coalesce(source.livemode, true)

),

-- before 2020 the items of a phase were its plans
listed as (

    select
        phases.*,
        coalesce(
            {{ json_list('phases.phase', 'items') }},
            {{ json_list('phases.phase', 'plans') }}
        ) as items
    from phases

),

items as (

    select
        listed.*,
        {{ unnest_json_array('listed.items') }} as item
    from listed

),

renamed as (

    select
        items.schedule_id,
        items.subscription_id,
        lower(items.status) as status,
        {{ epoch_to_timestamp(json_text('items.phase', ['start_date'])) }} as phase_started_at,
        {{ epoch_to_timestamp(json_text('items.phase', ['end_date'])) }} as phase_ended_at,
        {{ unreadable_columns({
            'start_date': unreadable_epoch(
                json_text('items.phase', ['start_date']), is_required=true
            ),
            'end_date': unreadable_epoch(json_text('items.phase', ['end_date'])),
            'trial_end': unreadable_epoch(json_text('items.phase', ['trial_end'])),
        }) }} as unreadable,
        coalesce(items.end_behavior = 'cancel', false) as will_cancel_at_end,
        {{ epoch_to_timestamp(json_text('items.phase', ['trial_end'])) }} as trial_ended_at,
        (
            {{ json_list('items.phase', 'discounts') }} is not null
            or {{ json_text('items.phase', ['coupon']) }} is not null
        ) as has_own_discounts,
        {{ stripe_price(
            'items.item',
            'lower(' ~ json_text('items.phase', ['currency']) ~ ')',
            json_text('items.phase', ['automatic_tax'])
        ) }},
        {{ stripe_tax_percent([
            json_list('items.item', 'tax_rates'), json_list('items.phase', 'default_tax_rates')
        ]) }} as inclusive_tax_percent,
        {{ whole_number(json_text('items.item', ['quantity'])) }} as quantity,
        items.changed_at,
        items.known_at
    from items

)

select * from renamed
