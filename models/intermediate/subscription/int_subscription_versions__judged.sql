with told as (

    select * from {{ ref('int_subscription_versions__told') }}

),

versions as (

    select distinct * from {{ ref('stg_subscription__subscription_versions') }}

),

words as (

    select * from {{ ref('reported_values') }}
    where field = 'subscription_status'

),

customers as (

    select
        customers.customer_id,
        customers.account_id,
        row_number() over (
            partition by customers.customer_id
            order by customers.known_at, customers.changed_at
        ) as acquaintance
    from {{ ref('stg_subscription__customer_versions') }} as customers
    where customers.account_id is not null

),

items_summed as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at,
        count(items.monthly_cents) as priced_items,
        count(*) as items,
        sum(items.monthly_cents) as monthly_cents,
        max(items.unpriced_because) as unpriced_because,
        max(items.trial_ended_at) as trial_ended_at,
        max(items.unreadable) as unreadable,
        min(items.period_started_at) as period_started_at,
        max(items.period_ended_at) as period_ended_at
    from {{ ref('int_subscription_items__priced') }} as items
    group by items.subscription_id, items.changed_at, items.known_at

),

stated as (

    select
        told.subscription_id,
        told.changed_at,
        told.known_at,
        told.customer_changed_at,
        told.customer_known_at,
        told.customer_id,
        told.items_changed_at,
        told.items_known_at,
        told.state_changed_at,
        told.state_known_at,
        coalesce(versions.account_id, customers.account_id) as account_id,
        case
            when told.told_by = 'end' then 'canceled'
            -- a phase may begin with a trial
            when words.value = 'active' and items_summed.trial_ended_at > told.changed_at
                then 'trialing'
            else words.value
        end as status,
        words.reported_value is null as is_unmapped,
        versions.status as reported_status,
        -- the items' periods hold where the subscription says none
        coalesce(
            versions.unreadable,
            case when versions.period_ended_at is null then items_summed.unreadable end
        ) as unreadable,
        versions.is_item_list_cut,
        versions.started_at,
        versions.trial_started_at,
        coalesce(items_summed.trial_ended_at, versions.trial_ended_at) as trial_ended_at,
        versions.will_trial_end_unpaid,
        coalesce(versions.period_started_at, items_summed.period_started_at)
            as term_started_at,
        coalesce(versions.period_ended_at, items_summed.period_ended_at) as term_ended_at,
        coalesce(items_summed.items, 0) as items,
        coalesce(items_summed.priced_items, 0) as priced_items,
        coalesce(items_summed.monthly_cents, 0) as monthly_cents,
        items_summed.unpriced_because,
        case when told.told_by = 'end' then told.changed_at else versions.ended_at end
            as ended_at,
        versions.cancel_at,
        versions.will_cancel_at_period_end,
        versions.cancellation_reason,
        versions.is_paused,
        versions.resumes_at,
        versions.is_deleted
    from told
    inner join versions
        on
            told.subscription_id = versions.subscription_id
            and told.state_changed_at = versions.changed_at
            and told.state_known_at = versions.known_at
    left join items_summed
        on
            told.subscription_id = items_summed.subscription_id
            and told.items_changed_at = items_summed.changed_at
            and told.items_known_at = items_summed.known_at
    left join words
        on versions.status = words.reported_value
    left join customers
        on told.customer_id = customers.customer_id and customers.acquaintance = 1

),

-- a version that gives paid service at a price that nobody can read is put aside, like one that
-- cannot be read itself
judged as (

    select
        stated.*,
        stated.items - stated.priced_items as unpriced_items,
        case
            when stated.is_deleted then null
            when stated.unreadable is not null then 'unreadable'
            when stated.is_unmapped then 'status_unmapped'
            -- nothing is paid for what is paused without an end
            when stated.is_paused and stated.resumes_at is null then null
            when
                stated.status in ('active', 'past_due')
                and stated.monthly_cents = 0
                and stated.priced_items < stated.items
                then stated.unpriced_because || '_unknown'
            when stated.status in ('active', 'past_due') and stated.items = 0
                then 'without_item'
        end as put_aside_because
    from stated

),

numbered as (

    select
        judged.*,
        row_number() over (
            partition by judged.subscription_id
            order by judged.changed_at, judged.known_at
        ) as version_number
    from judged

),

carried as (

    select
        numbered.*,
        max(case when numbered.put_aside_because is null then numbered.version_number end) over (
            partition by numbered.subscription_id
            order by numbered.version_number
            rows between unbounded preceding and current row
        ) as read_version_number
    from numbered

),

-- versions put aside one after the other are one time of not knowing
dated as (

    select
        carried.*,
        min(case when carried.put_aside_because is not null then carried.changed_at end) over (
            partition by carried.subscription_id, carried.read_version_number
        ) as put_aside_at
    from carried

),

-- until a readable version comes, the last one goes on; where there was none, nothing but its
-- being there is known
continued as (

    select
        carried.subscription_id,
        carried.version_number,
        carried.changed_at,
        greatest(carried.known_at, origins.known_at) as known_at,
        carried.put_aside_because,
        case when carried.put_aside_because is not null then carried.put_aside_at end
            as put_aside_at,
        carried.reported_status,
        carried.unreadable,
        carried.is_item_list_cut,
        carried.unpriced_items,
        carried.read_version_number is not null as has_state,
        coalesce(origins.account_id, carried.account_id) as account_id,
        origins.customer_id,
        origins.customer_changed_at,
        origins.customer_known_at,
        origins.state_changed_at,
        origins.state_known_at,
        origins.items_changed_at,
        origins.items_known_at,
        origins.status,
        cast(origins.started_at as date) as started_date,
        cast(origins.trial_started_at as date) as trial_started_date,
        {{ end_date('origins.trial_ended_at') }} as trial_ended_date,
        coalesce(origins.will_trial_end_unpaid, false) as will_trial_end_unpaid,
        cast(origins.term_started_at as date) as period_started_date,
        {{ end_date('origins.term_ended_at') }} as term_end_date,
        {{ end_date('origins.ended_at') }} as ended_date,
        {{ end_date(
            'case when origins.will_cancel_at_period_end'
            ~ ' then coalesce(origins.cancel_at, origins.term_ended_at)'
            ~ ' else origins.cancel_at end'
        ) }} as cancel_date,
        origins.cancellation_reason,
        coalesce(origins.is_paused, false) as is_paused,
        cast(origins.resumes_at as date) as resumes_date,
        origins.is_deleted
    from dated as carried
    inner join carried as origins
        on
            carried.subscription_id = origins.subscription_id
            and coalesce(carried.read_version_number, carried.version_number)
            = origins.version_number

)

select * from continued
