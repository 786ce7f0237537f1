with mrr_months as (

    select * from {{ ref('int_account_mrr_months__summed') }}

),

margins as (

    select * from {{ ref('gross_margin') }}

),

final as (

    select
        {{ account_month_id('mrr_months.account_id', 'mrr_months.month_start_date') }}
            as account_month_id,
        mrr_months.account_id,
        mrr_months.month_start_date,
        cast(mrr_months.mrr_cents as decimal(18, 2)) / 100 as mrr_usd,
        cast(12 * mrr_months.mrr_cents as decimal(18, 2)) / 100 as arr_usd,
        cast(mrr_months.held_mrr_cents as decimal(18, 2)) / 100 as held_mrr_usd,
        case when mrr_months.mrr_cents > 0 then 1 else 0 end as paying_account_count,
        mrr_months.seat_count,
        1 as cohort_account_count,
        mrr_months.mrr_cents / 100.0 * margins.gross_margin_ratio as gross_profit_usd,
        cast(
            coalesce(
                lag(mrr_months.mrr_cents) over (
                    partition by mrr_months.account_id order by mrr_months.month_start_date
                ), 0
            ) as decimal(18, 2)
        ) / 100 as prior_mrr_usd
    from mrr_months
    -- one gross margin for all recurring revenue; without one the profit is unknown
    left join margins
        on margins.revenue_type = 'subscription'

)

select {{ contract_columns('final') }}
from final
