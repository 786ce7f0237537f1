with source as (

    {{ landed('stripe', 'subscription_schedules') }}

),

phases as (

    select
        source.id as schedule_id,
        source.subscription as subscription_id,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at,
        {{ unnest_json_array(json_list(readable_json('source.phases'))) }} as phase
    from source
    where coalesce(source.livemode, true)

),

dated as (

    select
        phases.*,
        {{ epoch_to_timestamp(json_text('phases.phase', ['start_date'])) }} as phase_started_at,
        lower({{ json_text('phases.phase', ['currency']) }}) as phase_currency,
        {{ json_list('phases.phase', 'discounts') }} as discounts
    from phases

),

items as (

    select
        dated.*,
        -- before 2020 the items of a phase were its plans
        {{ unnest_json_array(
            'coalesce(' ~ json_list('dated.phase', 'items') ~ ', '
            ~ json_list('dated.phase', 'plans') ~ ')'
        ) }} as item
    from dated

),

-- older versions of the API name the coupon of a phase, newer ones a list
listed as (

    select
        dated.schedule_id,
        dated.subscription_id,
        dated.phase_started_at,
        dated.phase_currency,
        cast(null as {{ column_type('varchar') }}) as item_id,
        dated.phase as told,
        dated.changed_at,
        dated.known_at
    from dated
    where
        {{ json_text('dated.phase', ['coupon']) }} is not null
        and coalesce(cast(dated.discounts as {{ column_type('varchar') }}), '[]') = '[]'
    union all
    select
        dated.schedule_id,
        dated.subscription_id,
        dated.phase_started_at,
        dated.phase_currency,
        cast(null as {{ column_type('varchar') }}) as item_id,
        {{ unnest_json_array('dated.discounts') }} as told,
        dated.changed_at,
        dated.known_at
    from dated
    union all
    select
        items.schedule_id,
        items.subscription_id,
        items.phase_started_at,
        items.phase_currency,
        coalesce(
            {{ json_text('items.item', ['price', 'id']) }},
            {{ json_text('items.item', ['price']) }},
            {{ json_text('items.item', ['plan', 'id']) }},
            {{ json_text('items.item', ['plan']) }}
        ) as item_id,
        {{ unnest_json_array(json_list('items.item', 'discounts')) }} as told,
        items.changed_at,
        items.known_at
    from items

),

-- what it names: a discount that is there already, in full or by its id, or a coupon for a new one
named as (

    select
        listed.*,
        {{ json_text('listed.told', ['discount']) }} is not null as is_there,
        coalesce(
            {{ json_text('listed.told', ['discount', 'id']) }},
            {{ json_text('listed.told', ['discount']) }},
            {{ json_text('listed.told', ['coupon', 'id']) }},
            {{ json_text('listed.told', ['coupon']) }},
            {{ json_text('listed.told', ['promotion_code', 'id']) }},
            {{ json_text('listed.told', ['promotion_code']) }}
        ) as named_id,
        case
            when {{ json_text('listed.told', ['discount']) }} like '{{ '{' }}%'
                then {{ json_text('listed.told', ['discount']) }}
            -- since 2025 a promotion code has its coupon in its promotion
            when {{ json_text('listed.told', ['promotion_code', 'promotion']) }} like '{{ '{' }}%'
                then {{ json_text('listed.told', ['promotion_code', 'promotion']) }}
            when {{ json_text('listed.told', ['promotion_code']) }} like '{{ '{' }}%'
                then {{ json_text('listed.told', ['promotion_code']) }}
            else cast(listed.told as {{ column_type('varchar') }})
        end as discount
    from listed

),

read_discounts as (

    select
        named.schedule_id,
        named.subscription_id,
        named.phase_started_at,
        named.item_id,
        named.named_id,
        named.is_there,
        {{ stripe_discount('named.discount', 'named.phase_currency') }},
        named.changed_at,
        named.known_at
    from named

),

renamed as (

    select distinct
        read_discounts.schedule_id,
        read_discounts.subscription_id,
        read_discounts.phase_started_at,
        read_discounts.item_id,
        coalesce(read_discounts.named_id, read_discounts.discount_id) as discount_id,
        read_discounts.is_there
        and coalesce(read_discounts.percent_off, read_discounts.amount_off_minor) is null
            as is_reused,
        read_discounts.percent_off,
        read_discounts.amount_off_minor,
        read_discounts.currency,
        read_discounts.duration,
        read_discounts.duration_months,
        read_discounts.applies_to_plans,
        read_discounts.started_at,
        read_discounts.ended_at,
        read_discounts.unreadable_date,
        read_discounts.changed_at,
        read_discounts.known_at
    from read_discounts

)

select * from renamed
