with landings as (

    select
        landings.*,
        {{ days_between('landings.known_date', as_of_date()) }} as days_before
    from {{ ref('int_event_landings__counted') }} as landings

),

landed as (

    select
        landings.*,
        max(landings.days_before) over () as days_known,
        -- the first landing is a load of what was there, and no day
        landings.days_before in (8, 15, 22, 29)
        and landings.days_before < max(landings.days_before) over () as is_weekday_before
    from landings

),

paying as (

    select * from {{ ref('int_account_states__known_ranged') }}
    where mrr_cents > 0

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
        ) as paying_yesterday,
        min(paying.as_of_from_date) as first_known_date
    from paying

),

known_accounts as (

    select distinct account_versions.account_id
    from {{ ref('stg_master_records__account_versions') }} as account_versions

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

usage_counts as (

    select
        sum(case when landed.days_before = 1 then landed.event_count else 0 end) * 1.0 as yesterday,
        -- days that land weeks later are no surplus of the day
        sum(
            case
                when landed.days_before = 1
                    then landed.event_count - landed.late_event_count
                else 0
            end
        ) * 1.0 as yesterday_in_time,
        min(case when landed.is_weekday_before then landed.event_count end)
            as least_of_weekday,
        max(case when landed.is_weekday_before then landed.event_count end)
            as most_of_weekday,
        max(landed.days_known) as days_known
    from landed

),

-- a sync that has only begun has nothing to be measured against
paying_ratios as (

    select
        case
            when paying_counts.first_known_date = {{ as_of_date() }} then 1.0
            else paying_counts.paying_today / nullif(paying_counts.paying_yesterday, 0)
        end as against_yesterday
    from paying_counts

),

usage_ratios as (

    select
        case
            when usage_counts.days_known <= 8 then 1.0
            else usage_counts.yesterday / nullif(usage_counts.least_of_weekday, 0)
        end as against_least,
        case
            when usage_counts.days_known <= 8 then 1.0
            else usage_counts.yesterday_in_time / nullif(usage_counts.most_of_weekday, 0)
        end as against_most
    from usage_counts

),

measured as (

    select
        'usage_volume_against_recent' as check_name,
        usage_ratios.against_least as measured_value
    from usage_ratios
    union all
    select
        'usage_volume_against_most' as check_name,
        usage_ratios.against_most as measured_value
    from usage_ratios
    union all
    select
        'paying_accounts_surplus' as check_name,
        paying_ratios.against_yesterday as measured_value
    from paying_ratios
    union all
    select
        'paying_accounts_against_yesterday' as check_name,
        paying_ratios.against_yesterday as measured_value
    from paying_ratios
    union all
    select
        'paying_accounts_against_dimension' as check_name,
        paying_known.known_share as measured_value
    from paying_known

)

select * from measured
