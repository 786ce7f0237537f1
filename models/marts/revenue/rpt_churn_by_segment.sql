with accounts as (

    select * from {{ ref('int_churn_year_accounts__compared') }}

),

summed as (

    select
        accounts.segment,
        accounts.year_start_date as period_start_date,
        accounts.year_end_date as period_end_date,
        count(*) as start_account_count,
        sum(accounts.churned_account_count) as churned_account_count,
        sum(accounts.start_mrr_usd) as start_mrr_usd,
        sum(accounts.churned_account_count * accounts.start_mrr_usd) as churned_mrr_usd,
        sum(accounts.start_mrr_usd - accounts.retained_mrr_usd) as lost_mrr_usd
    from accounts
    group by accounts.segment, accounts.year_start_date, accounts.year_end_date

),

final as (

    select
        summed.*,
        {{ ratio('summed.churned_account_count', 'summed.start_account_count') }}
            as logo_churn_ratio,
        {{ ratio('summed.churned_mrr_usd', 'summed.start_mrr_usd') }} as revenue_churn_ratio,
        {{ ratio('summed.lost_mrr_usd', 'summed.start_mrr_usd') }} as gross_mrr_churn_ratio
    from summed

)

select {{ contract_columns('final') }}
from final
