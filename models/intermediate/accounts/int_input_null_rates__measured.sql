with event_days as (

    select * from {{ ref('int_user_event_days__counted') }}

),

subscription_versions as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

ticket_versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

readable_ticket_versions as (

    select * from {{ ref('int_ticket_versions__mapped') }}

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
    union all
    select
        'support_put_aside' as check_name,
        avg(case when readable.ticket_id is null then 1.0 else 0 end) as measured_value
    from ticket_versions
    left join readable_ticket_versions as readable
        on
            ticket_versions.ticket_id = readable.ticket_id
            and ticket_versions.changed_at = readable.changed_at
            and ticket_versions.known_at = readable.known_at
    where ticket_versions.known_at >= {{ add_days(as_of_date(), -28) }}

)

select * from measured
