with versions as (

    select distinct * from {{ ref('stg_subscription__subscription_versions') }}

),

items as (

    select distinct * from {{ ref('stg_subscription__subscription_item_versions') }}

),

repeated_versions as (

    select
        versions.subscription_id,
        versions.changed_at,
        versions.known_at
    from versions
    group by versions.subscription_id, versions.changed_at, versions.known_at
    having count(*) > 1

),

repeated_items as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at
    from items
    group by items.subscription_id, items.item_id, items.changed_at, items.known_at
    having count(*) > 1

),

overlapped as (

    select * from repeated_versions
    union
    select * from repeated_items

)

select * from overlapped
