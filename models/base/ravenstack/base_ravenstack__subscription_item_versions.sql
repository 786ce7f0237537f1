with source as (

    {{ landed('ravenstack', 'subscriptions') }}

),

versions as (

    select
        source.*,
        source.start_date as changed_date
    from source
    where source.end_date is null or source.end_date > source.start_date
    union all
    select
        source.*,
        source.end_date as changed_date
    from source
    where source.end_date is not null

),

renamed as (

    select
        versions.subscription_id,
        versions.subscription_id as item_id,
        versions.plan_tier as plan_id,
        versions.plan_tier || '-' || versions.billing_frequency as price_id,
        -- the file has the price of all seats: per seat it is the plan's list price, to the cent
        cast(
            round(
                100.0 * case
                    when versions.billing_frequency = 'annual' then versions.arr_amount
                    else versions.mrr_amount
                end / nullif(versions.seats, 0)
            ) as bigint
        ) as unit_amount_minor,
        'usd' as currency,
        cast(null as {{ column_type('varchar') }}) as tiers_mode,
        cast(null as {{ column_type('varchar') }}) as price_tiers,
        cast(null as bigint) as quantity_divisor,
        cast(null as {{ column_type('varchar') }}) as quantity_rounding,
        'licensed' as usage_type,
        versions.seats as quantity,
        'seats' as quantity_unit,
        false as is_add_on,
        cast(null as timestamp) as period_started_at,
        cast(null as timestamp) as period_ended_at,
        cast(null as {{ column_type('varchar') }}) as unreadable,
        case when versions.billing_frequency = 'annual' then 'year' else 'month' end
            as billing_interval,
        1 as billing_interval_count,
        cast(null as {{ column_type('varchar') }}) as tax_behavior,
        cast(null as {{ column_type('double') }}) as inclusive_tax_percent,
        cast(versions.changed_date as timestamp) as changed_at,
        cast(versions.changed_date as timestamp) as known_at
    from versions

)

select * from renamed
