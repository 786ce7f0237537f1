with event_days as (

    select * from {{ ref('int_user_event_days__counted') }}

),

subscription_versions as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

ticket_versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

measured as (

    select
        'usage_null_rate' as check_name,
        avg(
            case
                when event_days.user_id is null or event_days.workspace_id is null then 1.0
                else 0
            end
        ) as measured_value
    from event_days
    where event_days.known_date >= {{ add_days(as_of_date(), -7) }}
    union all
    select
        'subscription_null_rate' as check_name,
        avg(
            case
                when
                    subscription_versions.account_id is null
                    or subscription_versions.mrr_cents is null then 1.0
                else 0
            end
        ) as measured_value
    from subscription_versions
    where subscription_versions.known_at >= {{ add_days(as_of_date(), -28) }}
    union all
    select
        'support_null_rate' as check_name,
        avg(case when ticket_versions.account_id is null then 1.0 else 0 end) as measured_value
    from ticket_versions
    where ticket_versions.known_at >= {{ add_days(as_of_date(), -28) }}

)

select * from measured
