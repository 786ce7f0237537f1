with usage_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

account_months as (

    select * from {{ ref('dim_account_months') }}

),

-- what is older than every account is of no month that any figure has (rules
-- ticket_opened_before_account, event_before_workspace_began)
first_months as (

    select
        coalesce(min(account_months.month_start_date), {{ month_start(as_of_date()) }})
            as month_start_date
    from account_months

),

summed as (

    select
        usage_days.account_id,
        usage_days.event_date,
        {{ month_start('usage_days.event_date') }} as month_start_date,
        sum(usage_days.active_user_count) as active_user_count,
        sum(usage_days.event_count) as event_count,
        sum(usage_days.core_action_count) as core_action_count,
        sum(usage_days.invite_count) as invite_count
    from usage_days
    group by usage_days.account_id, usage_days.event_date

),

final as (

    select
        summed.account_id,
        case
            -- the month that is not over yet has no row there
            when
                account_months.account_month_id is null
                and summed.month_start_date < {{ month_start(as_of_date()) }}
                then {{ account_month_id("'unassigned'", 'summed.month_start_date') }}
            else {{ account_month_id('summed.account_id', 'summed.month_start_date') }}
        end as account_month_id,
        summed.event_date,
        summed.active_user_count,
        summed.event_count,
        summed.core_action_count,
        summed.invite_count
    from summed
    inner join first_months
        on summed.month_start_date >= first_months.month_start_date
    left join account_months
        on
            summed.account_id = account_months.account_id
            and summed.month_start_date = account_months.month_start_date
    -- else a day that is not over, by a clock that runs ahead
    where summed.event_date < {{ as_of_date() }}

)

select {{ contract_columns('final') }}
from final
