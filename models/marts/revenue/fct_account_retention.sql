with compared as (

    select * from {{ ref('int_account_retention_periods__compared') }}

),

final as (

    select
        {{ account_month_id('compared.account_id', 'compared.last_month_start_date') }}
            as account_month_id,
        compared.account_id,
        compared.grain,
        compared.period_start_date,
        cast(compared.start_mrr_cents as decimal(18, 2)) / 100 as start_mrr_usd,
        cast(compared.end_mrr_cents as decimal(18, 2)) / 100 as end_mrr_usd,
        cast(compared.retained_mrr_cents as decimal(18, 2)) / 100 as retained_mrr_usd,
        1 as start_account_count,
        case when compared.is_settled then 1 end as settled_account_count,
        case
            when compared.is_settled and compared.is_churned then 1
            when compared.is_settled then 0
        end as churned_account_count
    from compared

)

select {{ contract_columns('final') }}
from final
