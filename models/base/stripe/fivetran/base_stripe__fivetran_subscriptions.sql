with histories as (

    {{ fivetran_versions('stripe_fivetran', 'subscription_history', '_fivetran_start') }}

),

subscriptions as (

    {{ fivetran_versions('stripe_fivetran', 'subscription', '_fivetran_start') }}

),

items as (

    select distinct
        readings.*,
        coalesce(readings.price_id, readings.plan_id) as bought_id,
        min(readings._fivetran_synced) over (partition by readings.subscription_id)
            as first_synced_at
    from ({{ landed('stripe_fivetran', 'subscription_item') }}) as readings

),

prices as (

    select
        versions.id,
        max(versions.currency) as currency
    from ({{ fivetran_prices() }}) as versions
    group by versions.id

),

told_discounts as (

    {{ fivetran_discounts('subscription_discount') }}

),

coupons as (

    {{ fivetran_latest('coupon', ['id']) }}

),

discounts as (

    select
        told_discounts.id,
        told_discounts.owner_id,
        told_discounts.subscription_id,
        {{ fivetran_discount('told_discounts', 'coupons') }} as discount
    from told_discounts
    left join coupons
        on told_discounts.coupon_id = coupons.id

),

kept as (

    select distinct histories.id from histories

),

item_keys as (

    select distinct items.id from items

),

item_times as (

    select distinct
        items.subscription_id,
        items._fivetran_synced
    from items
    where items._fivetran_synced > items.first_synced_at

),

-- the table without history counts only for what the other one does not have
versions as (

    {% for table in ['histories', 'subscriptions'] -%}
    select
        {%- for column in [
            'id', 'customer_id', 'status', 'livemode', 'cancel_at', 'start_date', 'trial_start',
            'trial_end', 'current_period_start', 'current_period_end', 'cancel_at_period_end',
            'canceled_at', 'ended_at', 'pause_collection_behavior', 'pause_collection_resumes_at',
            'metadata', 'created', 'is_removed', 'changed_at', 'known_at'
        ] %}
        {{ table }}.{{ column }},
        {%- endfor %}
        lead({{ table }}.known_at) over (
            partition by {{ table }}.id order by {{ table }}.changed_at, {{ table }}.known_at
        ) as next_known_at
    from {{ table }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor -%}
    left join kept
        on subscriptions.id = kept.id
    where kept.id is null

),

-- what was synced of an item after a version, and before the next one, is a version, too
moments as (

    select
        versions.*,
        versions.changed_at as holds_from_at,
        versions.known_at as holds_known_at
    from versions
    union all
    select
        versions.*,
        item_times._fivetran_synced as holds_from_at,
        item_times._fivetran_synced as holds_known_at
    from versions
    inner join item_times
        on
            versions.id = item_times.subscription_id
            and versions.known_at < item_times._fivetran_synced
            and (
                versions.next_known_at is null
                or versions.next_known_at > item_times._fivetran_synced
            )
    where not versions.is_removed

),

numbered as (

    select
        moments.*,
        row_number() over (
            partition by moments.id
            order by moments.holds_from_at, moments.holds_known_at, moments.is_removed
        ) as moment_number,
        row_number() over (
            partition by moments.id
            order by
                moments.holds_from_at desc, moments.holds_known_at desc, moments.is_removed desc
        ) as recency
    from moments

),

-- an item as it was synced last before a moment, else as it was first
placed as (

    select
        items.*,
        numbered.moment_number,
        case
            when
                coalesce(items._fivetran_deleted, false)
                and (items._fivetran_synced <= numbered.holds_from_at or numbered.recency = 1)
                then 1
            else 0
        end as is_gone,
        case
            when cast(items.created as date) > cast(numbered.holds_from_at as date) then 0
            else 1
        end as is_of_then,
        row_number() over (
            partition by numbered.id, numbered.moment_number, items.id
            order by
                case when items._fivetran_synced <= numbered.holds_known_at then 0 else 1 end,
                case
                    when items._fivetran_synced <= numbered.holds_known_at
                        then items._fivetran_synced
                end desc,
                items._fivetran_synced
        ) as reading_number
    from numbered
    inner join items
        on numbered.id = items.subscription_id

),

-- of a time before all its items, a subscription has the ones that are known
held as (

    select
        placed.*,
        max(placed.is_of_then) over (
            partition by placed.subscription_id, placed.moment_number
        ) as has_own
    from placed
    where placed.reading_number = 1 and placed.is_gone = 0

),

item_discounts as (

    select
        discounts.owner_id as item_id,
        {{ json_array_of('discounts.discount', 'discounts.id') }} as discounts
    from discounts
    group by discounts.owner_id

),

subscription_discounts as (

    select
        discounts.subscription_id,
        {{ json_array_of('discounts.discount', 'discounts.id') }} as discounts
    from discounts
    left join item_keys
        on discounts.owner_id = item_keys.id
    where discounts.subscription_id is not null and item_keys.id is null
    group by discounts.subscription_id

),

subscription_taxes as (

    select
        rates.subscription_id,
        {{ json_array_of(json_object({
            'inclusive': 'rates.inclusive', 'percentage': 'rates.percentage'
        }), 'rates.id') }} as tax_rates
    from ({{ fivetran_tax_rates() }}) as rates
    group by rates.subscription_id

),

listed as (

    select
        held.subscription_id,
        held.moment_number,
        max(prices.currency) as currency,
        {{ json_array_of(json_object({
            'id': json_quoted('held.id'),
            'quantity': 'held.quantity',
            'price': json_quoted('held.bought_id'),
            'discounts': 'item_discounts.discounts',
            'current_period_start': timestamp_to_epoch('held.current_period_start'),
            'current_period_end': timestamp_to_epoch('held.current_period_end'),
        }), 'held.id') }} as items
    from held
    left join prices
        on held.bought_id = prices.id
    left join item_discounts
        on held.id = item_discounts.item_id
    where held.is_of_then = held.has_own
    group by held.subscription_id, held.moment_number

),

read_rows as (

    select
        numbered.id,
        numbered.customer_id as customer,
        numbered.status,
        listed.currency,
        listed.items,
        cast(null as {{ column_type('varchar') }}) as discount,
        subscription_discounts.discounts,
        subscription_taxes.tax_rates as default_tax_rates,
        cast(null as {{ column_type('varchar') }}) as automatic_tax,
        numbered.livemode,
        cast(null as {{ column_type('varchar') }}) as trial_settings,
        {{ timestamp_to_epoch('numbered.cancel_at') }} as cancel_at,
        {{ timestamp_to_epoch('numbered.start_date') }} as start_date,
        {{ timestamp_to_epoch('numbered.trial_start') }} as trial_start,
        {{ timestamp_to_epoch('numbered.trial_end') }} as trial_end,
        {{ timestamp_to_epoch('numbered.current_period_start') }} as current_period_start,
        {{ timestamp_to_epoch('numbered.current_period_end') }} as current_period_end,
        numbered.cancel_at_period_end,
        {{ timestamp_to_epoch('numbered.canceled_at') }} as canceled_at,
        {{ timestamp_to_epoch('numbered.ended_at') }} as ended_at,
        cast(null as {{ column_type('varchar') }}) as cancellation_details,
        {{ json_object({
            'behavior': json_quoted('numbered.pause_collection_behavior'),
            'resumes_at': timestamp_to_epoch('numbered.pause_collection_resumes_at'),
        }) }} as pause_collection,
        numbered.metadata,
        {{ timestamp_to_epoch('numbered.created') }} as created,
        {{ timestamp_to_epoch('numbered.holds_from_at') }} as updated,
        numbered.is_removed as _is_deleted,
        numbered.holds_known_at as _extracted_at
    from numbered
    left join listed
        on
            numbered.id = listed.subscription_id
            and numbered.moment_number = listed.moment_number
    left join subscription_discounts
        on numbered.id = subscription_discounts.subscription_id
    left join subscription_taxes
        on numbered.id = subscription_taxes.subscription_id

)

{{ new_versions('read_rows') }}
