with versions as (

    select distinct
        versions.subscription_id,
        versions.customer_id,
        versions.changed_at,
        versions.known_at
    from {{ ref('stg_subscription__subscription_versions') }} as versions

),

customers as (

    select distinct
        customers.customer_id,
        customers.changed_at,
        customers.known_at
    from {{ ref('stg_subscription__customer_versions') }} as customers

),

-- customers that ever had a discount of their own
discounted as (

    select distinct customer_id
    from {{ ref('stg_subscription__customer_versions') }}
    where percent_off is not null or amount_off_minor is not null

),

phases as (

    select distinct
        scheduled.subscription_id,
        scheduled.phase_started_at as changed_at,
        scheduled.known_at
    from {{ ref('int_scheduled_items__told') }} as scheduled

),

ends as (

    select distinct
        scheduled.subscription_id,
        scheduled.schedule_ended_at as changed_at,
        scheduled.known_at
    from {{ ref('int_scheduled_items__told') }} as scheduled
    where scheduled.will_cancel_at_end

),

-- what another object says of a subscription: a schedule of its coming phases and its end, a
-- customer of a discount
elsewhere as (

    select
        phases.*,
        'phase' as told_by
    from phases
    union all
    select
        ends.*,
        'end' as told_by
    from ends
    union all
    select
        subscriptions.subscription_id,
        customers.changed_at,
        customers.known_at,
        'customer' as told_by
    from customers
    inner join discounted
        on customers.customer_id = discounted.customer_id
    inner join (select distinct subscription_id, customer_id from versions) as subscriptions
        on customers.customer_id = subscriptions.customer_id

),

-- the state goes on that the subscription had
continued as (

    select
        elsewhere.*,
        versions.customer_id,
        versions.changed_at as state_changed_at,
        versions.known_at as state_known_at,
        row_number() over (
            partition by
                elsewhere.subscription_id, elsewhere.changed_at, elsewhere.known_at,
                elsewhere.told_by
            order by versions.changed_at desc, versions.known_at desc
        ) as recency
    from elsewhere
    inner join versions
        on
            elsewhere.subscription_id = versions.subscription_id
            and elsewhere.changed_at > versions.changed_at
            and elsewhere.known_at >= versions.known_at

),

told as (

    select
        versions.subscription_id,
        versions.customer_id,
        versions.changed_at,
        versions.known_at,
        'subscription' as told_by,
        versions.changed_at as state_changed_at,
        versions.known_at as state_known_at
    from versions
    union all
    select
        continued.subscription_id,
        continued.customer_id,
        continued.changed_at,
        continued.known_at,
        continued.told_by,
        continued.state_changed_at,
        continued.state_known_at
    from continued
    where continued.recency = 1

),

told_once as (

    select
        told.*,
        row_number() over (
            partition by told.subscription_id, told.changed_at, told.known_at
            order by case told.told_by
                when 'subscription' then 1 when 'end' then 2 when 'phase' then 3 else 4
            end
        ) as precedence
    from told

),

-- the customer's record as it stood then
with_customer as (

    select
        told_once.subscription_id,
        told_once.changed_at,
        told_once.known_at,
        told_once.told_by,
        told_once.state_changed_at,
        told_once.state_known_at,
        told_once.customer_id,
        customers.changed_at as customer_changed_at,
        customers.known_at as customer_known_at,
        row_number() over (
            partition by told_once.subscription_id, told_once.changed_at, told_once.known_at
            order by customers.changed_at desc, customers.known_at desc
        ) as recency
    from told_once
    left join discounted
        on told_once.customer_id = discounted.customer_id
    left join customers
        on
            discounted.customer_id = customers.customer_id
            and told_once.changed_at >= customers.changed_at
            and told_once.known_at >= customers.known_at
    where told_once.precedence = 1

)

select * from with_customer
where with_customer.recency = 1
