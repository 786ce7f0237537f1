with usage_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

summed as (

    select
        usage_days.account_id,
        usage_days.event_date,
        sum(usage_days.active_user_count) as active_user_count,
        sum(usage_days.event_count) as event_count,
        sum(usage_days.core_action_count) as core_action_count,
        sum(usage_days.invite_count) as invite_count
    from usage_days
    group by usage_days.account_id, usage_days.event_date

)

select {{ contract_columns('summed') }}
from summed
