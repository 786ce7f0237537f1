with items as (

    select * from {{ ref('int_subscription_items__listed') }}

),

tiered as (

    select distinct
        items.price_tiers,
        items.tiers_mode,
        items.billed_units
    from items
    where
        items.unit_amount_minor is null
        and items.price_tiers is not null
        and items.billed_units is not null

),

unnested as (

    select
        tiered.*,
        {{ unnest_json_array('tiered.price_tiers') }} as tier
    from tiered

),

tiers as (

    select
        unnested.price_tiers,
        unnested.tiers_mode,
        unnested.billed_units,
        {{ decimal_number(json_text('unnested.tier', ['up_to'])) }} as up_to_units,
        coalesce(
            {{ decimal_number(json_text('unnested.tier', ['unit_amount'])) }},
            {{ decimal_number(json_text('unnested.tier', ['unit_amount_decimal'])) }}
        ) as unit_amount_minor,
        coalesce(
            {{ decimal_number(json_text('unnested.tier', ['flat_amount'])) }},
            {{ decimal_number(json_text('unnested.tier', ['flat_amount_decimal'])) }}
        ) as flat_amount_minor
    from unnested

),

bounded as (

    select
        tiers.*,
        coalesce(
            lag(tiers.up_to_units) over (
                partition by tiers.price_tiers, tiers.tiers_mode, tiers.billed_units
                order by coalesce(tiers.up_to_units, 1e18)
            ),
            0
        ) as from_units
    from tiers

),

-- by volume all units cost what the last one costs; graduated, each costs what its tier says
tier_amounts as (

    select
        bounded.price_tiers,
        bounded.tiers_mode,
        bounded.billed_units,
        case
            when
                count(*) = count(coalesce(bounded.unit_amount_minor, bounded.flat_amount_minor))
                then sum(
                    case
                        when bounded.tiers_mode = 'volume' then bounded.billed_units
                        else least(
                            bounded.billed_units,
                            coalesce(bounded.up_to_units, bounded.billed_units)
                        ) - bounded.from_units
                    end * coalesce(bounded.unit_amount_minor, 0)
                    + coalesce(bounded.flat_amount_minor, 0)
                )
        end as amount_minor
    from bounded
    where
        (bounded.billed_units > bounded.from_units or bounded.from_units = 0)
        and (
            bounded.tiers_mode <> 'volume'
            or bounded.up_to_units is null
            or bounded.billed_units <= bounded.up_to_units
        )
    group by bounded.price_tiers, bounded.tiers_mode, bounded.billed_units

)

select * from tier_amounts
