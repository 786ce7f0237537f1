-- Net movements are the change of MRR, to the cent, for every account and month; and all of them
-- together are the MRR of the last complete month.
with mrr_months as (

    select * from {{ ref('fct_account_mrr_monthly') }}

),

movements as (

    select
        movements.account_month_id,
        sum(movements.amount_usd) as net_usd
    from {{ ref('fct_mrr_movements') }} as movements
    group by movements.account_month_id

),

unbalanced as (

    select
        coalesce(mrr_months.account_month_id, movements.account_month_id) as account_month_id,
        mrr_months.mrr_usd - mrr_months.prior_mrr_usd as change_usd,
        movements.net_usd
    from mrr_months
    full outer join movements
        on mrr_months.account_month_id = movements.account_month_id
    where
        mrr_months.account_month_id is null
        or coalesce(movements.net_usd, 0) <> mrr_months.mrr_usd - mrr_months.prior_mrr_usd

),

last_month as (

    select coalesce(sum(mrr_months.mrr_usd), 0) as mrr_usd
    from mrr_months
    where
        mrr_months.month_start_date = (
            select max(all_months.month_start_date)
            from {{ ref('fct_account_mrr_monthly') }} as all_months
        )

),

all_movements as (

    select coalesce(sum(movements.net_usd), 0) as net_usd
    from movements

)

select
    unbalanced.account_month_id,
    unbalanced.change_usd,
    unbalanced.net_usd
from unbalanced
union all
select
    'all' as account_month_id,
    last_month.mrr_usd as change_usd,
    all_movements.net_usd
from last_month
cross join all_movements
where last_month.mrr_usd <> all_movements.net_usd
