with prices as (

    {{ landed('stripe_dlt', 'price') }}

),

tiers as (

    {{ landed('stripe_dlt', 'price__tiers') }}

),

tiered as (

    select
        tiers._dlt_parent_id as price_row,
        {{ json_array_of(json_object({
            'up_to': 'tiers.up_to',
            'unit_amount': 'tiers.unit_amount',
            'unit_amount_decimal': json_quoted('tiers.unit_amount_decimal'),
            'flat_amount': 'tiers.flat_amount',
            'flat_amount_decimal': json_quoted('tiers.flat_amount_decimal'),
        }), 'tiers._dlt_list_idx') }} as tiers
    from (select distinct * from tiers) as tiers
    group by tiers._dlt_parent_id

),

read_rows as (

    select
        prices.id,
        prices.product,
        prices.currency,
        prices.unit_amount,
        prices.unit_amount_decimal,
        prices.tiers_mode,
        tiered.tiers,
        {{ dlt_rounding('prices.') }} as transform_quantity,
        prices.livemode,
        {{ dlt_recurring('prices.') }} as recurring,
        prices.tax_behavior,
        prices.active,
        prices.created,
        {{ load_epoch('prices._dlt_load_id') }} as updated,
        {{ load_time('prices._dlt_load_id') }} as _extracted_at
    from prices
    left join tiered
        on prices._dlt_id = tiered.price_row

)

{{ new_versions('read_rows') }}
