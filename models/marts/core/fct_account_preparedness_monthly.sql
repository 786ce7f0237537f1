with account_months as (

    select * from {{ ref('dim_account_months') }}

),

counted as (

    select * from {{ ref('int_account_months__preparedness_counted') }}

),

-- what belongs to no account of that month stays in the sum, under 'unassigned'
keyed as (

    select
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        ) as account_month_id,
        sum(counted.steps_due_count) as steps_due_count,
        sum(counted.steps_done_count) as steps_done_count,
        sum(counted.invited_count_90d) as invited_count_90d,
        sum(counted.attended_count_90d) as attended_count_90d
    from counted
    left join account_months
        on
            counted.account_id = account_months.account_id
            and counted.month_start_date = account_months.month_start_date
    group by
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        )

),

final as (

    select
        account_months.account_month_id,
        account_months.account_id,
        account_months.month_start_date,
        coalesce(keyed.steps_due_count, 0) as steps_due_count,
        coalesce(keyed.steps_done_count, 0) as steps_done_count,
        case when account_months.is_paying then coalesce(keyed.steps_due_count, 0) else 0 end
            as paying_steps_due_count,
        case when account_months.is_paying then coalesce(keyed.steps_done_count, 0) else 0 end
            as paying_steps_done_count,
        coalesce(keyed.invited_count_90d, 0) as invited_count_90d,
        coalesce(keyed.attended_count_90d, 0) as attended_count_90d
    from account_months
    left join keyed
        on account_months.account_month_id = keyed.account_month_id

)

select {{ contract_columns('final') }}
from final
