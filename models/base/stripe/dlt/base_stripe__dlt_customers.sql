with customers as (

    {{ landed('stripe_dlt', 'customer') }}

),

read_rows as (

    select
        customers.id,
        {{ dlt_account('customers') }} as metadata,
        case
            when customers.discount__id is not null
                then {{ dlt_discount('customers.discount__') }}
        end as discount,
        customers.livemode,
        customers.created,
        {{ load_epoch('customers._dlt_load_id') }} as updated,
        false as _is_deleted,
        {{ load_time('customers._dlt_load_id') }} as _extracted_at
    from customers

)

{{ new_versions('read_rows') }}
