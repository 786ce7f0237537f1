with terms as (

    select * from {{ ref('int_subscription_terms__dated') }}

),

final as (

    select
        terms.subscription_id,
        coalesce(terms.account_id, 'unassigned') as account_id,
        {{ account_month_id("coalesce(terms.account_id, 'unassigned')", 'terms.due_date') }}
            as account_month_id,
        terms.due_date,
        terms.billing_months,
        1 as due_count,
        case when terms.is_renewed then 1 else 0 end as renewed_count,
        cast(12 * terms.mrr_cents as decimal(18, 2)) / 100 as due_arr_usd,
        cast(case when terms.is_renewed then 12 * terms.mrr_cents else 0 end as decimal(18, 2))
        / 100 as renewed_arr_usd
    from terms
    -- a month of which some terms are settled and some are not would read as a whole one
    where
        {{ add_days(next_month_start('terms.due_date'), var('churn_gap_days')) }}
        <= {{ as_of_date() }}

)

select {{ contract_columns('final') }}
from final
