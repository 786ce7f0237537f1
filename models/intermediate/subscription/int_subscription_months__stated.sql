with months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

paid_ranges as (

    select * from {{ ref('int_subscriptions__valid_ranged') }}
    where service = 'paid'

),

-- what is in force on the month's last day
stated as (

    select
        paid_ranges.subscription_id,
        months.period_start_date as month_start_date,
        coalesce(paid_ranges.account_id, 'unassigned') as account_id,
        paid_ranges.plan_id,
        paid_ranges.mrr_cents,
        case when paid_ranges.is_held then paid_ranges.mrr_cents else 0 end as held_mrr_cents,
        paid_ranges.seat_count
    from paid_ranges
    inner join months
        on
            paid_ranges.valid_from_date < months.period_end_date
            and paid_ranges.valid_until_date >= months.period_end_date

)

select * from stated
