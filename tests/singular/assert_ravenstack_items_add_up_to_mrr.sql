-- depends on the adapter: price per seat is worked out, so it must give the file's amounts again
{{ config(enabled='ravenstack' in var('vendors', [])) }}

with subscriptions as (

    {{ landed('ravenstack', 'subscriptions') }}

),

items as (

    select * from {{ ref('base_ravenstack__subscription_item_versions') }}

),

compared as (

    select
        subscriptions.subscription_id,
        items.unit_amount_minor * items.quantity as amount_minor,
        100 * case
            when subscriptions.billing_frequency = 'annual' then subscriptions.arr_amount
            else subscriptions.mrr_amount
        end as expected_amount_minor
    from subscriptions
    left join items
        on subscriptions.subscription_id = items.subscription_id

)

select * from compared
where amount_minor is null or amount_minor <> expected_amount_minor
