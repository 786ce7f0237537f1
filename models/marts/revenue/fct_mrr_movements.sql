with account_months as (

    select * from {{ ref('fct_account_mrr_monthly') }}

),

pauses as (

    select * from {{ ref('int_account_unpaid_months__merged') }}

),

changed as (

    select
        account_months.*,
        row_number() over (
            partition by account_months.account_id
            order by account_months.month_start_date
        ) as month_number
    from account_months

),

named as (

    select
        changed.account_month_id,
        changed.account_id,
        changed.month_start_date,
        -- the first month has MRR; a return is a return, whatever the amounts
        case
            when changed.month_number = 1 then 'new'
            when changed.prior_mrr_usd = 0 then 'reactivation'
            when changed.mrr_usd = 0 then 'churn'
            when changed.mrr_usd > changed.prior_mrr_usd then 'expansion'
            else 'contraction'
        end as movement,
        changed.prior_mrr_usd as mrr_before_usd,
        changed.mrr_usd as mrr_after_usd,
        changed.mrr_usd - changed.prior_mrr_usd as amount_usd
    from changed
    where changed.mrr_usd <> changed.prior_mrr_usd

),

final as (

    select
        named.*,
        coalesce(left_for.is_late_renewal, came_back.is_late_renewal, false) as is_late_renewal
    from named
    left join pauses as left_for
        on
            named.movement = 'churn'
            and named.account_id = left_for.account_id
            and named.month_start_date = left_for.churn_month_date
    left join pauses as came_back
        on
            named.movement = 'reactivation'
            and named.account_id = came_back.account_id
            and named.month_start_date = came_back.return_month_date

)

select {{ contract_columns('final') }}
from final
