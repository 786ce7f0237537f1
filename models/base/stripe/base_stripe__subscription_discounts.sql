with source as (

    {{ landed('stripe', 'subscriptions') }}

),

live as (

    select
        source.id as subscription_id,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at,
        lower(source.currency) as currency,
        {{ readable_json('source.discount') }} as discount,
        {{ json_list(readable_json('source.discounts')) }} as discounts,
        {{ json_list(readable_json('source.items')) }} as items
    from source
    where coalesce(source.livemode, true)

),

items as (

    select
        live.subscription_id,
        live.changed_at,
        live.known_at,
        live.currency,
        {{ unnest_json_array('live.items') }} as item
    from live

),

-- older versions of the API name one discount, newer ones a list
listed as (

    select
        live.subscription_id,
        cast(null as {{ column_type('varchar') }}) as item_id,
        live.changed_at,
        live.known_at,
        live.currency as subscription_currency,
        cast(live.discount as {{ column_type('varchar') }}) as discount
    from live
    where
        {{ json_text('live.discount', ['coupon']) }} is not null
        or {{ json_text('live.discount', ['source']) }} is not null
    union all
    select
        unnested.subscription_id,
        cast(null as {{ column_type('varchar') }}) as item_id,
        unnested.changed_at,
        unnested.known_at,
        unnested.currency as subscription_currency,
        cast(unnested.discount as {{ column_type('varchar') }}) as discount
    from (
        select
            live.subscription_id,
            live.changed_at,
            live.known_at,
            live.currency,
            {{ unnest_json_array('live.discounts') }} as discount
        from live
    ) as unnested
    union all
    select
        unnested.subscription_id,
        unnested.item_id,
        unnested.changed_at,
        unnested.known_at,
        unnested.currency as subscription_currency,
        cast(unnested.discount as {{ column_type('varchar') }}) as discount
    from (
        select
            items.subscription_id,
            {{ json_text('items.item', ['id']) }} as item_id,
            items.changed_at,
            items.known_at,
            items.currency,
            {{ unnest_json_array(json_list('items.item', 'discounts')) }} as discount
        from items
    ) as unnested

),

renamed as (

    select distinct
        listed.subscription_id,
        listed.item_id,
        {{ stripe_discount('listed.discount', 'listed.subscription_currency') }},
        listed.changed_at,
        listed.known_at
    from listed

),

compared as (

    select
        renamed.*,
        max(
            case
                when coalesce(renamed.percent_off, renamed.amount_off_minor) is null then 0
                else 1
            end
        ) over (
            partition by
                renamed.subscription_id, renamed.discount_id, renamed.changed_at, renamed.known_at
        ) as is_told
    from renamed

),

-- a discount that both fields name is one; where one has its id alone, the other says what it is
told as (

    select
        compared.subscription_id,
        compared.item_id,
        compared.discount_id,
        compared.percent_off,
        compared.amount_off_minor,
        compared.currency,
        compared.duration,
        compared.duration_months,
        compared.applies_to_plans,
        compared.started_at,
        compared.ended_at,
        compared.unreadable_date,
        compared.changed_at,
        compared.known_at
    from compared
    where
        compared.is_told = 0
        or coalesce(compared.percent_off, compared.amount_off_minor) is not null

)

select * from told
