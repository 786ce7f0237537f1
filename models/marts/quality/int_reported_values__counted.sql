with words as (

    select * from {{ ref('reported_values') }}

),

reported as (

    select
        'subscription_status' as field,
        versions.status as reported_value,
        versions.subscription_id as row_id
    from {{ ref('stg_subscription__subscription_versions') }} as versions
    union all
    select
        'billing_interval' as field,
        items.billing_interval as reported_value,
        items.subscription_id as row_id
    from {{ ref('stg_subscription__subscription_item_versions') }} as items
    union all
    select
        'invoice_status' as field,
        invoices.status as reported_value,
        invoices.invoice_id as row_id
    from {{ ref('stg_subscription__invoice_versions') }} as invoices

),

counted as (

    select
        reported.field,
        reported.reported_value,
        count(*) as row_count,
        min(reported.row_id) as example_id
    from reported
    where reported.reported_value is not null
    group by reported.field, reported.reported_value

),

mapped as (

    select
        counted.field,
        counted.reported_value,
        counted.row_count,
        counted.example_id,
        words.reported_value is not null as is_mapped
    from counted
    left join words
        on
            counted.field = words.field
            and counted.reported_value = words.reported_value

)

select * from mapped
