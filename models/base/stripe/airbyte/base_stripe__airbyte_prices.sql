with prices as (

    {{ landed('stripe_airbyte', 'prices') }}

),

read_rows as (

    select
        prices.id,
        prices.product,
        prices.currency,
        prices.unit_amount,
        prices.unit_amount_decimal,
        prices.tiers_mode,
        prices.tiers,
        prices.transform_quantity,
        prices.livemode,
        prices.recurring,
        prices.tax_behavior,
        prices.active,
        prices.created,
        coalesce(prices.updated, {{ timestamp_to_epoch('prices._airbyte_extracted_at') }})
            as updated,
        prices._airbyte_extracted_at as _extracted_at
    from prices

)

{{ new_versions('read_rows') }}
