with states as (

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

)

select * from counted
