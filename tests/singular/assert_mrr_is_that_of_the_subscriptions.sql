-- Nothing is lost on the way: the MRR of each month, 'unassigned' included and over every account
-- month on file, is that of the paid subscription ranges in force on its last day.
with ranges as (

    select * from {{ ref('int_subscriptions__valid_ranged') }}
    where service = 'paid'

),

by_month as (

    select
        account_months.month_start_date,
        sum(mrr_months.mrr_usd) as mrr_usd
    from {{ ref('dim_account_months') }} as account_months
    inner join {{ ref('fct_account_mrr_monthly') }} as mrr_months
        on account_months.account_month_id = mrr_months.account_month_id
    group by account_months.month_start_date

),

in_force as (

    select
        by_month.month_start_date,
        by_month.mrr_usd,
        cast(sum(ranges.mrr_cents) as decimal(18, 2)) / 100 as ranges_mrr_usd
    from by_month
    left join ranges
        on
            ranges.valid_from_date < {{ next_month_start('by_month.month_start_date') }}
            and ranges.valid_until_date >= {{ next_month_start('by_month.month_start_date') }}
    group by by_month.month_start_date, by_month.mrr_usd

)

select *
from in_force
where in_force.mrr_usd <> coalesce(in_force.ranges_mrr_usd, 0)
