with tickets as (

    select * from {{ ref('int_tickets__known') }}

),

accounts as (

    select
        account_versions.account_id,
        min(cast(account_versions.known_at as date)) as known_date
    from {{ ref('stg_master_records__account_versions') }} as account_versions
    group by account_versions.account_id

),

daily as (

    select
        cast(tickets.opening_known_at as date) as known_date,
        count(*) as ticket_count,
        count(
            case when accounts.known_date <= cast(tickets.opening_known_at as date) then 1 end
        ) as joined_count
    from tickets
    left join accounts
        on tickets.account_id = accounts.account_id
    group by cast(tickets.opening_known_at as date)

),

-- a day is among the last 28 of as many dates
dated as (

    select
        daily.ticket_count,
        daily.joined_count,
        {{ each_day(add_days('daily.known_date', 1), add_days('daily.known_date', 28)) }}
            as as_of_date
    from daily

),

summed as (

    select
        dated.as_of_date,
        sum(dated.ticket_count) as ticket_count,
        sum(dated.joined_count) as joined_count
    from dated
    group by dated.as_of_date

)

select
    summed.as_of_date,
    summed.ticket_count,
    summed.joined_count
from summed
where summed.ticket_count >= 20 and 2 * summed.joined_count < summed.ticket_count
