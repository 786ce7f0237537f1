with versions as (

    {{ fivetran_prices() }}

),

read_rows as (

    select
        versions.id,
        versions.product_id as product,
        versions.currency,
        versions.unit_amount,
        cast(versions.unit_amount_decimal as {{ column_type('varchar') }}) as unit_amount_decimal,
        versions.tiers_mode,
        cast(null as {{ column_type('varchar') }}) as tiers,
        case
            when versions.quantity_divisor is not null
                then {{ json_object({
                    'divide_by': 'versions.quantity_divisor',
                    'round': json_quoted('versions.quantity_rounding'),
                }) }}
        end as transform_quantity,
        versions.livemode,
        case
            when versions.recurring_interval is not null
                then {{ json_object({
                    'interval': json_quoted('versions.recurring_interval'),
                    'interval_count': 'versions.recurring_interval_count',
                    'usage_type': json_quoted('versions.recurring_usage_type'),
                }) }}
        end as recurring,
        versions.tax_behavior,
        versions.active,
        {{ timestamp_to_epoch('versions.created') }} as created,
        {{ timestamp_to_epoch('versions.changed_at') }} as updated,
        versions.known_at as _extracted_at
    from versions

)

{{ new_versions('read_rows') }}
