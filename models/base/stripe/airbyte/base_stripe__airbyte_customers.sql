with customers as (

    {{ landed('stripe_airbyte', 'customers') }}

),

read_rows as (

    select
        customers.id,
        customers.metadata,
        customers.discount,
        customers.livemode,
        customers.created,
        coalesce(customers.updated, {{ timestamp_to_epoch('customers._airbyte_extracted_at') }})
            as updated,
        coalesce(customers.is_deleted, false) as _is_deleted,
        customers._airbyte_extracted_at as _extracted_at
    from customers

)

{{ new_versions('read_rows') }}
