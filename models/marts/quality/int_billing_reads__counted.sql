with judged as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

items as (

    select * from {{ ref('int_subscription_items__priced') }}

),

discounts as (

    select * from {{ ref('stg_subscription__discount_versions') }}

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
        'discount_unreadable' as rule_name,
        count(*) as rows_checked,
        count(
            case
                when discounts.percent_off is null and discounts.amount_off_minor is null then 1
            end
        ) as rows_failing
    from discounts
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
