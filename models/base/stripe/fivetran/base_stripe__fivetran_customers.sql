with versions as (

    {{ fivetran_versions('stripe_fivetran', 'customer', '_fivetran_start') }}

),

told as (

    {{ fivetran_discounts('customer_discount') }}

),

coupons as (

    {{ fivetran_latest('coupon', ['id']) }}

),

-- one of a subscription is not its customer's, whatever table it stands in
discounts as (

    select
        told.customer_id,
        {{ fivetran_discount('told', 'coupons') }} as discount,
        row_number() over (partition by told.customer_id order by told.id desc) as recency
    from told
    left join coupons
        on told.coupon_id = coupons.id
    where
        told.subscription_id is null
        and coalesce(told.owner_id, told.customer_id) = told.customer_id

),

read_rows as (

    select
        versions.id,
        versions.metadata,
        discounts.discount,
        versions.livemode,
        {{ timestamp_to_epoch('versions.created') }} as created,
        {{ timestamp_to_epoch('versions.changed_at') }} as updated,
        (
            versions.is_removed
            or coalesce(versions.is_deleted, false)
            or coalesce(versions._fivetran_deleted, false)
        ) as _is_deleted,
        versions.known_at as _extracted_at
    from versions
    left join discounts
        on versions.id = discounts.customer_id and discounts.recency = 1

)

{{ new_versions('read_rows') }}
