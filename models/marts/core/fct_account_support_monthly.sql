with account_months as (

    select * from {{ ref('dim_account_months') }}

),

states as (

    select * from {{ ref('int_ticket_states__valid_ranged') }}
    where not is_solved

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

counted as (

    select
        coalesce(states.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        count(*) as ticket_backlog
    from states
    inner join months
        on
            states.valid_from_at < cast(months.period_end_date as timestamp)
            and states.valid_until_at >= cast(months.period_end_date as timestamp)
    group by coalesce(states.account_id, 'unassigned'), months.period_start_date

),

-- what belongs to no account of that month stays in the sum, under 'unassigned'
keyed as (

    select
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        ) as account_month_id,
        sum(counted.ticket_backlog) as ticket_backlog
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
        coalesce(keyed.ticket_backlog, 0) as ticket_backlog
    from account_months
    left join keyed
        on account_months.account_month_id = keyed.account_month_id

)

select {{ contract_columns('final') }}
from final
