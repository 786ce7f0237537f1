with overlapped as (

    select * from {{ ref('int_subscription_versions__overlapped') }}

),

-- nothing says which of two that overlap holds, so the version before them goes on
versions as (

    select distinct
        versions.subscription_id,
        versions.customer_id,
        versions.changed_at,
        versions.known_at
    from {{ ref('stg_subscription__subscription_versions') }} as versions
    left join overlapped
        on
            versions.subscription_id = overlapped.subscription_id
            and versions.changed_at = overlapped.changed_at
            and versions.known_at = overlapped.known_at
    where overlapped.subscription_id is null

),

-- a version that is merely delivered again says nothing new
customers_told as (

    select
        customers.customer_id,
        customers.changed_at,
        min(customers.known_at) as known_at
    from {{ ref('stg_subscription__customer_versions') }} as customers
    group by
        customers.customer_id, customers.changed_at, customers.discount_id,
        customers.percent_off, customers.amount_off_minor, customers.ended_at,
        customers.unreadable_date

),

-- the oldest one holds from the start: nothing says that the customer was another before
customers as (

    select
        customers_told.*,
        case
            when
                customers_told.changed_at = min(customers_told.changed_at) over (
                    partition by customers_told.customer_id
                )
                then cast('1900-01-01' as timestamp)
            else customers_told.changed_at
        end as holds_from_at
    from customers_told

),

-- customers that ever had a discount of their own
discounted as (

    select distinct customer_id
    from {{ ref('stg_subscription__customer_versions') }}
    where discount_id is not null

),

-- what a schedule says of a subscription: its coming phases, and its end
scheduled as (

    select distinct
        scheduled.subscription_id,
        scheduled.phase_started_at as changed_at,
        scheduled.known_at,
        scheduled.taken_back_known_at,
        'phase' as told_by
    from {{ ref('int_scheduled_items__told') }} as scheduled
    where not scheduled.has_begun
    union all
    select distinct
        scheduled.subscription_id,
        scheduled.schedule_ended_at as changed_at,
        scheduled.known_at,
        scheduled.end_taken_back_known_at as taken_back_known_at,
        'end' as told_by
    from {{ ref('int_scheduled_items__told') }} as scheduled
    where scheduled.will_cancel_at_end

),

-- it goes on as the subscription was by then, which may be known before it or after
scheduled_known as (

    select
        scheduled.*,
        greatest(scheduled.known_at, versions.known_at) as both_known_at
    from scheduled
    inner join versions
        on
            scheduled.subscription_id = versions.subscription_id
            and scheduled.changed_at > versions.changed_at

),

scheduled_states as (

    select
        scheduled_known.*,
        versions.customer_id,
        versions.changed_at as state_changed_at,
        versions.known_at as state_known_at,
        row_number() over (
            partition by
                scheduled_known.subscription_id, scheduled_known.changed_at,
                scheduled_known.both_known_at
            order by
                case scheduled_known.told_by when 'end' then 1 else 2 end,
                scheduled_known.known_at desc, versions.changed_at desc, versions.known_at desc
        ) as recency
    from scheduled_known
    inner join versions
        on
            scheduled_known.subscription_id = versions.subscription_id
            and scheduled_known.changed_at >= versions.changed_at
            and scheduled_known.both_known_at >= versions.known_at
    where
        scheduled_known.taken_back_known_at is null
        or scheduled_known.both_known_at < scheduled_known.taken_back_known_at

),

own_and_scheduled as (

    select
        versions.subscription_id,
        versions.customer_id,
        versions.changed_at,
        versions.known_at,
        'subscription' as told_by,
        versions.changed_at as state_changed_at,
        versions.known_at as state_known_at,
        versions.changed_at as items_changed_at,
        versions.known_at as items_known_at,
        cast(null as timestamp) as taken_back_known_at
    from versions
    union all
    -- a phase has items of its own
    select
        states.subscription_id,
        states.customer_id,
        states.changed_at,
        states.both_known_at as known_at,
        states.told_by,
        states.state_changed_at,
        states.state_known_at,
        case when states.told_by = 'phase' then states.changed_at else states.state_changed_at end
            as items_changed_at,
        case when states.told_by = 'phase' then states.known_at else states.state_known_at end
            as items_known_at,
        states.taken_back_known_at
    from scheduled_states as states
    where states.recency = 1 and states.changed_at > states.state_changed_at

),

-- what was taken back is none from when that is known: all goes on as it was told to be by then
taken_back_known as (

    select distinct
        scheduled.subscription_id,
        scheduled.changed_at,
        greatest(scheduled.taken_back_known_at, told.known_at) as both_known_at
    from scheduled
    inner join own_and_scheduled as told
        on
            scheduled.subscription_id = told.subscription_id
            and scheduled.changed_at > told.changed_at
    where scheduled.taken_back_known_at is not null

),

taken_back_states as (

    select
        told.*,
        taken_back_known.changed_at as taken_back_at,
        taken_back_known.both_known_at,
        row_number() over (
            partition by
                taken_back_known.subscription_id, taken_back_known.changed_at,
                taken_back_known.both_known_at
            order by told.changed_at desc, told.known_at desc
        ) as recency
    from taken_back_known
    inner join own_and_scheduled as told
        on
            taken_back_known.subscription_id = told.subscription_id
            and taken_back_known.changed_at >= told.changed_at
            and taken_back_known.both_known_at >= told.known_at
    where
        told.taken_back_known_at is null
        or told.taken_back_known_at > taken_back_known.both_known_at

),

placed as (

    select
        told.subscription_id,
        told.customer_id,
        told.changed_at,
        told.known_at,
        told.told_by,
        told.state_changed_at,
        told.state_known_at,
        told.items_changed_at,
        told.items_known_at
    from own_and_scheduled as told
    union all
    select
        states.subscription_id,
        states.customer_id,
        states.taken_back_at as changed_at,
        states.both_known_at as known_at,
        states.told_by,
        states.state_changed_at,
        states.state_known_at,
        states.items_changed_at,
        states.items_known_at
    from taken_back_states as states
    where states.recency = 1 and states.taken_back_at > states.changed_at

),

-- the same for what changes with the customer, whose discount counts for all subscriptions
customers_known as (

    select
        placed.subscription_id,
        customers.customer_id,
        greatest(customers.holds_from_at, placed.changed_at) as changed_at,
        greatest(customers.known_at, placed.known_at) as both_known_at
    from customers
    inner join discounted
        on customers.customer_id = discounted.customer_id
    inner join placed
        on
            customers.customer_id = placed.customer_id
            and (
                customers.holds_from_at > placed.changed_at
                or customers.known_at > placed.known_at
            )

),

customers_states as (

    select
        customers_known.subscription_id,
        customers_known.customer_id,
        customers_known.changed_at,
        customers_known.both_known_at as known_at,
        placed.told_by,
        placed.changed_at as placed_changed_at,
        placed.known_at as placed_known_at,
        placed.state_changed_at,
        placed.state_known_at,
        placed.items_changed_at,
        placed.items_known_at,
        row_number() over (
            partition by
                customers_known.subscription_id, customers_known.changed_at,
                customers_known.both_known_at
            order by placed.changed_at desc, placed.known_at desc
        ) as recency
    from customers_known
    inner join placed
        on
            customers_known.subscription_id = placed.subscription_id
            and customers_known.changed_at >= placed.changed_at
            and customers_known.both_known_at >= placed.known_at

),

told as (

    select * from placed
    union all
    select
        states.subscription_id,
        states.customer_id,
        states.changed_at,
        states.known_at,
        states.told_by,
        states.state_changed_at,
        states.state_known_at,
        states.items_changed_at,
        states.items_known_at
    from customers_states as states
    where
        states.recency = 1
        and (
            states.changed_at > states.placed_changed_at
            or states.known_at > states.placed_known_at
        )

),

-- the customer's record as it stood then
with_customer as (

    select
        told.*,
        customers.changed_at as customer_changed_at,
        customers.known_at as customer_known_at,
        row_number() over (
            partition by told.subscription_id, told.changed_at, told.known_at
            order by customers.changed_at desc, customers.known_at desc
        ) as recency
    from told
    left join discounted
        on told.customer_id = discounted.customer_id
    left join customers
        on
            discounted.customer_id = customers.customer_id
            and told.changed_at >= customers.holds_from_at
            and told.known_at >= customers.known_at

),

told_with_customer as (

    select
        with_customer.subscription_id,
        with_customer.changed_at,
        with_customer.known_at,
        with_customer.told_by,
        with_customer.state_changed_at,
        with_customer.state_known_at,
        with_customer.items_changed_at,
        with_customer.items_known_at,
        with_customer.customer_id,
        with_customer.customer_changed_at,
        with_customer.customer_known_at
    from with_customer
    where with_customer.recency = 1

)

select * from told_with_customer
