with source as (

    {{ landed('stripe', 'prices') }}

),

renamed as (

    select distinct
        source.id as price_id,
        source.product as plan_id,
        lower(source.currency) as currency,
        coalesce(
            {{ decimal_number('source.unit_amount') }},
            {{ decimal_number('source.unit_amount_decimal') }}
        ) as unit_amount_minor,
        lower(source.tiers_mode) as tiers_mode,
        {{ readable_json('source.tiers') }} as price_tiers,
        {{ whole_number(
            json_text(readable_json('source.transform_quantity'), ['divide_by'])
        ) }} as quantity_divisor,
        lower({{ json_text(readable_json('source.transform_quantity'), ['round']) }})
            as quantity_rounding,
        lower({{ json_text(readable_json('source.recurring'), ['usage_type']) }}) as usage_type,
        lower({{ json_text(readable_json('source.recurring'), ['interval']) }})
            as billing_interval,
        coalesce(
            {{ whole_number(
                json_text(readable_json('source.recurring'), ['interval_count'])
            ) }},
            1
        ) as billing_interval_count,
        lower(source.tax_behavior) as tax_behavior,
        source.active as is_active,
        {{ epoch_to_timestamp('source.created') }} as created_at,
        coalesce({{ epoch_to_timestamp('source.updated') }}, source._extracted_at) as changed_at,
        source._extracted_at as known_at
    from source
    where coalesce(source.livemode, true)

)

select * from renamed
