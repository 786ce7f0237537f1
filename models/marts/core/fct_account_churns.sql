with churns as (

    select * from {{ ref('int_account_churns__explained') }}

),

final as (

    select
        {{ account_month_id('churns.account_id', 'churns.churn_date') }} as account_month_id,
        churns.account_id,
        churns.churn_date,
        churns.returned_date,
        {{ add_days('churns.churn_date', var('churn_gap_days') + 1) }} as established_date,
        churns.churn_kind,
        1 as churn_count,
        cast(churns.lost_mrr_cents as decimal(18, 2)) / 100 as lost_mrr_usd
    from churns

)

select {{ contract_columns('final') }}
from final
