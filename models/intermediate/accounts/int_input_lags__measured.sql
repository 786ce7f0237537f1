with event_landings as (

    select * from {{ ref('int_event_landings__counted') }}

),

account_versions as (

    select * from {{ ref('stg_master_records__account_versions') }}

),

subscription_versions as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

ticket_versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

measured as (

    select
        'usage_lag_hours' as check_name,
        {{ hours_between('max(event_landings.last_known_at)', as_of_midnight()) }}
            as measured_value
    from event_landings
    union all
    select
        'subscription_lag_hours' as check_name,
        {{ hours_between('max(subscription_versions.known_at)', as_of_midnight()) }}
            as measured_value
    from subscription_versions
    union all
    select
        'support_lag_hours' as check_name,
        {{ hours_between('max(ticket_versions.known_at)', as_of_midnight()) }} as measured_value
    from ticket_versions
    union all
    select
        'master_records_lag_hours' as check_name,
        {{ hours_between('max(account_versions.known_at)', as_of_midnight()) }} as measured_value
    from account_versions

)

select * from measured
