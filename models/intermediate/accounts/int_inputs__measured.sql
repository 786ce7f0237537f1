with event_days as (

    select * from {{ ref('int_user_event_days__counted') }}

),

event_landings as (

    select * from {{ ref('int_event_landings__counted') }}

),

paying as (

    select * from {{ ref('int_account_states__known_ranged') }}
    where mrr_cents > 0

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

paying_counts as (

    select
        sum(
            case
                when
                    paying.as_of_from_date <= {{ as_of_date() }}
                    and paying.as_of_until_date > {{ as_of_date() }} then 1.0
                else 0
            end
        ) as paying_today,
        sum(
            case
                when
                    paying.as_of_from_date <= {{ add_days(as_of_date(), -1) }}
                    and paying.as_of_until_date > {{ add_days(as_of_date(), -1) }} then 1.0
                else 0
            end
        ) as paying_yesterday
    from paying

),

known_accounts as (

    select distinct account_versions.account_id
    from account_versions

),

paying_known as (

    select avg(case when known_accounts.account_id is null then 0.0 else 1.0 end) as known_share
    from paying
    left join known_accounts
        on paying.account_id = known_accounts.account_id
    where
        paying.as_of_from_date <= {{ as_of_date() }}
        and paying.as_of_until_date > {{ as_of_date() }}

),

measured as (

    select
        'usage_lag_hours' as check_name,
        {{ hours_between('max(event_landings.last_known_at)', as_of_midnight()) }}
            as measured_value
    from event_landings
    union all
    select
        'usage_volume_against_recent' as check_name,
        sum(case when event_landings.days_before = 1 then event_landings.event_count else 0 end)
        * 1.0 / nullif(
            min(
                case
                    when event_landings.days_before in (8, 15, 22, 29)
                        then event_landings.event_count
                end
            ), 0
        ) as measured_value
    from event_landings
    union all
    select
        'paying_accounts_against_yesterday' as check_name,
        paying_counts.paying_today / nullif(paying_counts.paying_yesterday, 0) as measured_value
    from paying_counts
    union all
    select
        'paying_accounts_against_dimension' as check_name,
        paying_known.known_share as measured_value
    from paying_known
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
    union all
    select
        'usage_null_rate' as check_name,
        avg(
            case when event_days.user_id is null or event_days.workspace_id is null then 1.0 else 0 end
        ) as measured_value
    from event_days
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
    union all
    select
        'support_null_rate' as check_name,
        avg(case when ticket_versions.account_id is null then 1.0 else 0 end) as measured_value
    from ticket_versions

)

select
    measured.check_name,
    cast(measured.measured_value as {{ column_type('double') }}) as measured_value
from measured
