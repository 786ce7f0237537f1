with judged as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

items as (

    select * from {{ ref('int_subscription_items__priced') }}

),

listed as (

    select * from {{ ref('int_subscription_items__listed') }}
    where not is_metered

),

-- where a coupon does not say its products, nobody knows which of several it lessens
several_plans as (

    select
        listed.subscription_id,
        listed.changed_at,
        listed.known_at
    from listed
    group by listed.subscription_id, listed.changed_at, listed.known_at
    having count(distinct listed.plan_id) > 1

),

discounts as (

    select
        own.percent_off,
        own.amount_off_minor,
        own.currency,
        own.unreadable_date
    from {{ ref('stg_subscription__discount_versions') }} as own
    union all
    select
        customers.percent_off,
        customers.amount_off_minor,
        customers.currency,
        customers.unreadable_date
    from {{ ref('stg_subscription__customer_versions') }} as customers
    where customers.discount_id is not null
    union all
    -- those of phases to come
    select
        scheduled.percent_off,
        scheduled.amount_off_minor,
        scheduled.currency,
        scheduled.unreadable_date
    from {{ ref('stg_subscription__scheduled_discount_versions') }} as scheduled
    where not scheduled.is_reused and scheduled.phase_started_at > scheduled.changed_at

),

subscriptions as (

    select * from {{ ref('stg_subscription__subscription_versions') }}

),

scheduled as (

    select * from {{ ref('stg_subscription__scheduled_item_versions') }}

),

currency_rates as (

    select * from {{ ref('currency_rates') }}

),

doubted as (

    select * from {{ ref('int_subscriptions__doubted') }}

),

counted as (

    {% call count_rules({
        'subscription_version_unreadable': {'fails': 'judged.unreadable is not null'},
        'subscription_items_truncated': {'fails': 'judged.is_item_list_cut'},
    }) %}
    from judged
    {% endcall %}
    union all
    {% call count_rules({
        'price_unknown': {'fails': "items.unpriced_because = 'price'"},
        'subscription_in_unknown_currency': {'fails': "items.unpriced_because = 'currency'"},
    }) %}
    from items
    {% endcall %}
    union all
    {% call count_rules({'price_includes_tax': {'fails': 'listed.has_untold_tax'}}) %}
    from listed
    {% endcall %}
    union all
    -- what a price bills in another currency stands in options that were not delivered
    {% call count_rules({
        'item_in_another_currency': {'fails': 'listed.currency <> subscriptions.currency'},
    }) %}
    from listed
    inner join subscriptions
        on
            listed.subscription_id = subscriptions.subscription_id
            and listed.changed_at = subscriptions.changed_at
            and listed.known_at = subscriptions.known_at
    {% endcall %}
    union all
    {% call count_rules({
        'discount_unreadable': {
            'fails': 'coalesce(discounts.percent_off, discounts.amount_off_minor) is null'
                ~ ' or discounts.unreadable_date is not null',
        },
        'discount_in_unknown_currency': {
            'checked': 'discounts.amount_off_minor is not null',
            'fails': 'currency_rates.currency is null',
        },
    }) %}
    from discounts
    left join currency_rates
        on discounts.currency = currency_rates.currency
    {% endcall %}
    union all
    {% call count_rules({
        'discount_reach_untold': {'fails': 'several_plans.subscription_id is not null'},
    }) %}
    from {{ ref('stg_subscription__discount_versions') }} as shares
    left join several_plans
        on
            shares.subscription_id = several_plans.subscription_id
            and shares.changed_at = several_plans.changed_at
            and shares.known_at = several_plans.known_at
    where
        shares.percent_off is not null
        and shares.item_id is null
        and shares.applies_to_plans is null
    {% endcall %}
    union all
    {% call count_rules({
        'subscription_date_unreadable': {'fails': 'subscriptions.unreadable_aside is not null'},
    }) %}
    from subscriptions
    {% endcall %}
    union all
    {% call count_rules({
        'scheduled_phase_unreadable': {'fails': 'scheduled.unreadable is not null'},
    }) %}
    from scheduled
    {% endcall %}
    union all
    {% call count_rules({'subscription_stale': {'fails': "doubted.doubt = 'stale'"}}) %}
    from doubted
    {% endcall %}

)

select * from counted
