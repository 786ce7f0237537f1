-- A user who is known of on several days is still one active user of the day.
with account_days as (

    select
        account_id,
        event_date,
        sum(active_user_count) as active_user_count,
        sum(event_count) as event_count
    from {{ ref('int_account_usage_days__counted') }}
    group by account_id, event_date

),

user_days as (

    select
        account_id,
        event_date,
        count(distinct user_id) as user_count,
        sum(event_count) as event_count
    from {{ ref('int_user_days__counted') }}
    group by account_id, event_date

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
