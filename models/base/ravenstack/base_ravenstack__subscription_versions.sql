with source as (

    {{ landed('ravenstack', 'subscriptions') }}

),

begun as (

    select
        source.*,
        case when source.is_trial then 'trialing' else 'active' end as status,
        cast(null as date) as ended_date,
        source.start_date as changed_date
    from source
    -- what ends on the day it starts was never in force: its end is its only version
    where source.end_date is null or source.end_date > source.start_date

),

ended as (

    select
        source.*,
        'canceled' as status,
        source.end_date as ended_date,
        source.end_date as changed_date
    from source
    where source.end_date is not null

),

versions as (

    select * from begun
    union all
    select * from ended

),

renamed as (

    select
        versions.subscription_id,
        versions.account_id,
        versions.account_id as customer_id,
        versions.status,
        'usd' as currency,
        cast(versions.start_date as timestamp) as started_at,
        case when versions.is_trial then cast(versions.start_date as timestamp) end
            as trial_started_at,
        case when versions.is_trial then cast(versions.ended_date as timestamp) end
            as trial_ended_at,
        cast(null as timestamp) as period_started_at,
        cast(null as timestamp) as period_ended_at,
        cast(null as boolean) as will_cancel_at_period_end,
        -- no row says that a trial turns into a paid plan by itself
        true as will_trial_end_unpaid,
        cast(null as timestamp) as cancel_at,
        false as is_item_list_cut,
        cast(null as {{ column_type('varchar') }}) as unreadable,
        cast(null as {{ column_type('varchar') }}) as unreadable_aside,
        cast(versions.ended_date as timestamp) as canceled_at,
        cast(versions.ended_date as timestamp) as ended_at,
        cast(null as {{ column_type('varchar') }}) as cancellation_reason,
        false as is_paused,
        cast(null as timestamp) as resumes_at,
        cast(versions.start_date as timestamp) as created_at,
        cast(versions.changed_date as timestamp) as changed_at,
        cast(versions.changed_date as timestamp) as known_at,
        false as is_deleted
    from versions

)

select * from renamed
