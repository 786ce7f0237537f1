with versions as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

stretches as (

    select * from {{ ref('int_subscription_versions__cut') }}

),

discounts as (

    select * from {{ ref('int_subscription_discounts__dated') }}

),

items as (

    select * from {{ ref('int_subscription_items__priced') }}
    where monthly_cents > 0

),

standing as (

    select
        stretches.from_date,
        discounts.subscription_id,
        discounts.version_number,
        discounts.item_id,
        discounts.discount_id,
        discounts.is_of_customer,
        discounts.percent_off,
        discounts.amount_off_cents,
        discounts.applies_to_plans,
        max(case when discounts.is_of_customer then 0 else 1 end) over (
            partition by
                discounts.subscription_id, discounts.version_number, stretches.from_date
        ) as has_own
    from stretches
    inner join discounts
        on
            stretches.subscription_id = discounts.subscription_id
            and stretches.version_number = discounts.version_number
            and stretches.from_date >= discounts.from_date
            and stretches.from_date < discounts.until_date

),

-- an item's own discounts first, then the subscription's; the customer's only where neither stands
reaching as (

    select
        standing.subscription_id,
        standing.version_number,
        standing.from_date,
        standing.discount_id,
        items.item_id,
        items.interval_months,
        items.tax_factor,
        -- a discount is taken off what the customer pays, a tax in it included
        items.monthly_cents * items.tax_factor as monthly_cents,
        standing.item_id is not null as is_of_item,
        -- what is free keeps a trace, so that a product of shares stays one of logarithms
        ln(greatest(1 - coalesce(standing.percent_off, 0) / 100.0, 1e-12)) as log_share,
        standing.amount_off_cents
    from standing
    inner join versions
        on
            standing.subscription_id = versions.subscription_id
            and standing.version_number = versions.version_number
    inner join items
        on
            versions.subscription_id = items.subscription_id
            and versions.items_changed_at = items.changed_at
            and versions.items_known_at = items.known_at
            and coalesce(standing.item_id, items.item_id) = items.item_id
            and (
                standing.applies_to_plans is null
                or standing.applies_to_plans like '%"' || items.plan_id || '"%'
            )
    where not standing.is_of_customer or standing.has_own = 0

),

-- of each, percentages come before fixed amounts; nothing falls below 0
lessened as (

    select
        reaching.subscription_id,
        reaching.version_number,
        reaching.from_date,
        reaching.item_id,
        reaching.interval_months,
        reaching.tax_factor,
        exp(coalesce(sum(case when not reaching.is_of_item then reaching.log_share end), 0))
        * greatest(
            min(reaching.monthly_cents)
            * exp(coalesce(sum(case when reaching.is_of_item then reaching.log_share end), 0))
            - coalesce(sum(case when reaching.is_of_item then reaching.amount_off_cents end), 0)
            / reaching.interval_months,
            0
        ) as monthly_cents
    from reaching
    group by
        reaching.subscription_id, reaching.version_number, reaching.from_date,
        reaching.item_id, reaching.interval_months, reaching.tax_factor

),

-- an amount off the whole is spread over the items that it applies to
spread as (

    select
        reaching.subscription_id,
        reaching.version_number,
        reaching.from_date,
        reaching.item_id,
        reaching.amount_off_cents / reaching.interval_months
        * lessened.monthly_cents
        / nullif(
            sum(lessened.monthly_cents) over (
                partition by
                    reaching.subscription_id, reaching.version_number, reaching.from_date,
                    reaching.discount_id
            ), 0
        ) as off_cents
    from reaching
    inner join lessened
        on
            reaching.subscription_id = lessened.subscription_id
            and reaching.version_number = lessened.version_number
            and reaching.from_date = lessened.from_date
            and reaching.item_id = lessened.item_id
    where not reaching.is_of_item and reaching.amount_off_cents is not null

),

spread_summed as (

    select
        spread.subscription_id,
        spread.version_number,
        spread.from_date,
        spread.item_id,
        sum(spread.off_cents) as off_cents
    from spread
    group by
        spread.subscription_id, spread.version_number, spread.from_date, spread.item_id

),

discounted as (

    select
        lessened.subscription_id,
        lessened.version_number,
        lessened.from_date,
        lessened.item_id,
        -- seven digits: a trace of what is free, and of logarithms, is none of its price
        cast(
            greatest(lessened.monthly_cents - coalesce(spread_summed.off_cents, 0), 0)
            / lessened.tax_factor
            as decimal(28, 7)
        ) as monthly_cents
    from lessened
    left join spread_summed
        on
            lessened.subscription_id = spread_summed.subscription_id
            and lessened.version_number = spread_summed.version_number
            and lessened.from_date = spread_summed.from_date
            and lessened.item_id = spread_summed.item_id

)

select * from discounted
