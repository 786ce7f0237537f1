with versions as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

discounts as (

    select distinct * from {{ ref('stg_subscription__discount_versions') }}

),

-- phases that say which discounts hold, none included
phases as (

    select distinct
        scheduled.subscription_id,
        scheduled.phase_started_at,
        scheduled.known_at
    from {{ ref('int_scheduled_items__told') }} as scheduled
    where scheduled.has_own_discounts and not scheduled.has_begun

),

scheduled as (

    select distinct * from {{ ref('stg_subscription__scheduled_discount_versions') }}

),

customers as (

    select distinct * from {{ ref('stg_subscription__customer_versions') }}
    where discount_id is not null

),

items as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at,
        min(greatest(items.billing_months, 1)) as billing_months
    from {{ ref('int_subscription_items__priced') }} as items
    group by items.subscription_id, items.changed_at, items.known_at

),

currency_rates as (

    select * from {{ ref('currency_rates') }}

),

-- those of the subscription and of its items, those of a phase, and the customer's
owned as (

    select distinct
        versions.subscription_id,
        versions.version_number,
        case when phases.subscription_id is null then discounts.item_id else scheduled.item_id end
            as item_id,
        discounts.discount_id,
        false as is_of_customer,
        false as is_of_phase,
        discounts.started_at,
        discounts.ended_at,
        discounts.percent_off,
        discounts.amount_off_minor,
        discounts.currency,
        discounts.duration,
        discounts.duration_months,
        discounts.applies_to_plans,
        discounts.unreadable_date
    from versions
    inner join discounts
        on
            versions.subscription_id = discounts.subscription_id
            and versions.state_changed_at = discounts.changed_at
            and versions.state_known_at = discounts.known_at
    left join phases
        on
            versions.subscription_id = phases.subscription_id
            and versions.items_changed_at = phases.phase_started_at
            and versions.items_known_at = phases.known_at
    left join scheduled
        on
            phases.subscription_id = scheduled.subscription_id
            and phases.phase_started_at = scheduled.phase_started_at
            and phases.known_at = scheduled.known_at
            and discounts.discount_id = scheduled.discount_id
    where phases.subscription_id is null or scheduled.is_reused
    union all
    -- one that the subscription has already is there
    select
        versions.subscription_id,
        versions.version_number,
        scheduled.item_id,
        scheduled.discount_id,
        false as is_of_customer,
        true as is_of_phase,
        coalesce(scheduled.started_at, scheduled.phase_started_at) as started_at,
        scheduled.ended_at,
        scheduled.percent_off,
        scheduled.amount_off_minor,
        scheduled.currency,
        scheduled.duration,
        scheduled.duration_months,
        scheduled.applies_to_plans,
        scheduled.unreadable_date
    from versions
    inner join scheduled
        on
            versions.subscription_id = scheduled.subscription_id
            and versions.items_changed_at = scheduled.phase_started_at
            and versions.items_known_at = scheduled.known_at
    left join discounts
        on
            versions.subscription_id = discounts.subscription_id
            and versions.state_changed_at = discounts.changed_at
            and versions.state_known_at = discounts.known_at
            and scheduled.discount_id = discounts.discount_id
    where not scheduled.is_reused or discounts.discount_id is null
    union all
    select
        versions.subscription_id,
        versions.version_number,
        cast(null as {{ column_type('varchar') }}) as item_id,
        customers.discount_id,
        true as is_of_customer,
        false as is_of_phase,
        customers.started_at,
        customers.ended_at,
        customers.percent_off,
        customers.amount_off_minor,
        customers.currency,
        customers.duration,
        customers.duration_months,
        customers.applies_to_plans,
        customers.unreadable_date
    from versions
    inner join customers
        on
            versions.customer_id = customers.customer_id
            and versions.customer_changed_at = customers.changed_at
            and versions.customer_known_at = customers.known_at

),

-- an end that is not told follows from how long the coupon holds: `once` for the billing period
-- that it began in, `repeating` for its months
dated as (

    select
        owned.subscription_id,
        owned.version_number,
        owned.item_id,
        owned.discount_id,
        owned.is_of_customer,
        owned.percent_off,
        owned.amount_off_minor
        * currency_rates.usd_per_unit
        * power(10, 2 - currency_rates.minor_unit_digits) as amount_off_cents,
        owned.applies_to_plans,
        case
            when owned.percent_off is null and owned.amount_off_minor is null then 'coupon'
            when owned.percent_off is null and currency_rates.currency is null then 'currency'
            else owned.unreadable_date
        end as unreadable,
        coalesce(cast(owned.started_at as date), cast('1900-01-01' as date)) as from_date,
        case
            when owned.ended_at is not null then {{ end_date('owned.ended_at') }}
            when owned.duration = 'once' and owned.started_at < versions.period_started_date
                then versions.period_started_date
            when owned.duration = 'once'
                then coalesce(
                    -- the period that is told is the one before the phase
                    case when not owned.is_of_phase then versions.term_end_date end,
                    {{ add_months(
                        'coalesce(owned.started_at, versions.changed_at)', 'items.billing_months'
                    ) }}
                )
            when owned.duration = 'repeating' and owned.duration_months is not null
                then {{ add_months(
                    'coalesce(owned.started_at, versions.changed_at)', 'owned.duration_months'
                ) }}
            else cast('9999-01-01' as date)
        end as until_date
    from owned
    inner join versions
        on
            owned.subscription_id = versions.subscription_id
            and owned.version_number = versions.version_number
    left join items
        on
            versions.subscription_id = items.subscription_id
            and versions.items_changed_at = items.changed_at
            and versions.items_known_at = items.known_at
    left join currency_rates
        on owned.currency = currency_rates.currency

)

select * from dated
