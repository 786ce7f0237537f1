-- A user who is known of on several days is still one active user of the day; for every day that
-- the rows just built reach.
with all_account_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

all_user_days as (

    select * from {{ ref('int_user_days__counted') }}

),

reached as (

    select all_account_days.event_date
    from all_account_days
    where all_account_days.known_date >= {{ tested_since() }}

    union

    select all_user_days.event_date
    from all_user_days
    where all_user_days.known_date >= {{ tested_since() }}

),

account_days as (

    select
        all_account_days.account_id,
        all_account_days.event_date,
        sum(all_account_days.active_user_count) as active_user_count,
        sum(all_account_days.event_count) as event_count
    from all_account_days
    inner join reached
        on all_account_days.event_date = reached.event_date
    group by all_account_days.account_id, all_account_days.event_date

),

user_days as (

    select
        all_user_days.account_id,
        all_user_days.event_date,
        count(distinct all_user_days.user_id) as user_count,
        sum(all_user_days.event_count) as event_count
    from all_user_days
    inner join reached
        on all_user_days.event_date = reached.event_date
    group by all_user_days.account_id, all_user_days.event_date

)

select
    coalesce(account_days.account_id, user_days.account_id) as account_id,
    coalesce(account_days.event_date, user_days.event_date) as event_date,
    account_days.active_user_count,
    user_days.user_count
from account_days
full outer join user_days
    on
        account_days.account_id = user_days.account_id
        and account_days.event_date = user_days.event_date
where
    account_days.account_id is null
    or user_days.account_id is null
    or account_days.active_user_count <> user_days.user_count
    or account_days.event_count <> user_days.event_count
