with tickets as (

    select
        known.ticket_id,
        coalesce(known.account_id, 'unassigned') as account_id,
        known.priority_at_opening,
        known.opened_at,
        known.escalated_at,
        {{ month_start('known.opened_at') }} as opened_month_date,
        -- a month that is not over yet has no row: its tickets go by the plan of the one before
        least(
            {{ month_start('known.opened_at') }},
            {{ month_start(add_days(month_start(as_of_date()), -1)) }}
        ) as plan_month_date
    from {{ ref('int_tickets__known') }} as known
    where known.deletion_known_at is null and known.opened_at < {{ as_of_midnight() }}

),

outcomes as (

    select * from {{ ref('int_tickets__resolved') }}

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

targets as (

    select * from {{ ref('sla_targets') }}

),

-- without a plan that promises more, the least that any plan promises
least_targets as (

    select
        targets.priority,
        max(targets.first_response_hours) as first_response_hours
    from targets
    group by targets.priority

),

timed as (

    select
        tickets.*,
        outcomes.is_solved,
        outcomes.score,
        account_months.account_month_id as known_account_month_id,
        coalesce(targets.first_response_hours, least_targets.first_response_hours)
            as target_hours,
        {{ hours_between('tickets.opened_at', 'outcomes.first_replied_at') }}
            as reply_hours,
        {{ hours_between('tickets.opened_at', as_of_midnight()) }} as waited_hours,
        {{ hours_between('tickets.opened_at', 'outcomes.solved_at') }} as solution_hours
    from tickets
    left join outcomes
        on tickets.ticket_id = outcomes.ticket_id
    left join account_months
        on
            tickets.account_id = account_months.account_id
            and tickets.plan_month_date = account_months.month_start_date
    left join targets
        on
            account_months.plan = targets.plan_name
            and tickets.priority_at_opening = targets.priority
    left join least_targets
        on tickets.priority_at_opening = least_targets.priority

),

final as (

    select
        timed.ticket_id,
        timed.account_id,
        case
            when
                timed.known_account_month_id is null
                and timed.opened_month_date < {{ month_start(as_of_date()) }}
                then {{ account_month_id("'unassigned'", 'timed.opened_month_date') }}
            else {{ account_month_id('timed.account_id', 'timed.opened_month_date') }}
        end as account_month_id,
        cast(timed.opened_at as date) as opened_date,
        1 as ticket_count,
        case when timed.priority_at_opening in ('high', 'urgent') then 1 else 0 end
            as urgent_count,
        case when timed.escalated_at is null then 0 else 1 end as escalated_count,
        -- hours below 0 are a fault of the record: they say nothing of how fast anybody was
        case when timed.reply_hours >= 0 then 1 else 0 end as replied_count,
        case when timed.reply_hours >= 0 then timed.reply_hours end as first_response_hours,
        case when timed.reply_hours between 0 and timed.target_hours then 1 else 0 end
            as sla_met_count,
        case
            when timed.target_hours is null or timed.reply_hours < 0 then 0
            when timed.reply_hours is not null then 1
            when timed.waited_hours > timed.target_hours then 1
            else 0
        end as sla_judged_count,
        case when timed.solution_hours >= 0 then 1 else 0 end as solved_count,
        case when timed.solution_hours >= 0 then timed.solution_hours end as resolution_hours,
        case when timed.score is null then 0 else 1 end as rated_count,
        case when timed.score = 'good' then 1 else 0 end as good_count
    from timed
    inner join first_months
        on timed.opened_month_date >= first_months.month_start_date

)

select {{ contract_columns('final') }}
from final
