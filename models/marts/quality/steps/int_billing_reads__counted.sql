with judged as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

items as (

    select * from {{ ref('int_subscription_items__priced') }}

),

-- what a price bills in another currency stands in options that were not delivered
item_currencies as (

    select case when items.currency <> versions.currency then 1 end as is_another
    from {{ ref('int_subscription_items__listed') }} as items
    inner join {{ ref('stg_subscription__subscription_versions') }} as versions
        on
            items.subscription_id = versions.subscription_id
            and items.changed_at = versions.changed_at
            and items.known_at = versions.known_at
    where not items.is_metered

),

-- where a coupon does not say its products, nobody knows which of several it lessens
several_plans as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at
    from {{ ref('int_subscription_items__listed') }} as items
    where not items.is_metered
    group by items.subscription_id, items.changed_at, items.known_at
    having count(distinct items.plan_id) > 1

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

    select
        'subscription_version_unreadable' as rule_name,
        count(*) as rows_checked,
        count(judged.unreadable) as rows_failing
    from judged
    union all
    select
        'subscription_items_truncated' as rule_name,
        count(*) as rows_checked,
        count(case when judged.is_item_list_cut then 1 end) as rows_failing
    from judged
    union all
    select
        'price_unknown' as rule_name,
        count(*) as rows_checked,
        count(case when items.unpriced_because = 'price' then 1 end) as rows_failing
    from items
    union all
    select
        'subscription_in_unknown_currency' as rule_name,
        count(*) as rows_checked,
        count(case when items.unpriced_because = 'currency' then 1 end) as rows_failing
    from items
    union all
    select
        'item_in_another_currency' as rule_name,
        count(*) as rows_checked,
        count(item_currencies.is_another) as rows_failing
    from item_currencies
    union all
    select
        'price_includes_tax' as rule_name,
        count(*) as rows_checked,
        count(case when listed.has_untold_tax then 1 end) as rows_failing
    from {{ ref('int_subscription_items__listed') }} as listed
    where not listed.is_metered
    union all
    select
        'discount_unreadable' as rule_name,
        count(*) as rows_checked,
        count(
            case
                when
                    coalesce(discounts.percent_off, discounts.amount_off_minor) is null
                    or discounts.unreadable_date is not null
                    then 1
            end
        ) as rows_failing
    from discounts
    union all
    select
        'discount_reach_untold' as rule_name,
        count(*) as rows_checked,
        count(several_plans.subscription_id) as rows_failing
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
    union all
    select
        'discount_in_unknown_currency' as rule_name,
        count(*) as rows_checked,
        count(case when currency_rates.currency is null then 1 end) as rows_failing
    from discounts
    left join currency_rates
        on discounts.currency = currency_rates.currency
    where discounts.amount_off_minor is not null
    union all
    select
        'subscription_date_unreadable' as rule_name,
        count(*) as rows_checked,
        count(subscriptions.unreadable_aside) as rows_failing
    from subscriptions
    union all
    select
        'scheduled_phase_unreadable' as rule_name,
        count(*) as rows_checked,
        count(scheduled.unreadable) as rows_failing
    from scheduled
    union all
    select
        'subscription_stale' as rule_name,
        count(*) as rows_checked,
        count(case when doubted.doubt = 'stale' then 1 end) as rows_failing
    from doubted

)

select
    counted.rule_name,
    cast(counted.rows_checked as bigint) as rows_checked,
    cast(counted.rows_failing as bigint) as rows_failing
from counted
