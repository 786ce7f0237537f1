with churns as (

    select * from {{ ref('fct_account_churns') }}
    where
        returned_date is null
        and established_date <= {{ as_of_date() }}
        and churn_date > {{ add_days(as_of_date(), -365) }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

-- the signal that came up last before the account left
signals as (

    select
        churns.account_id,
        churns.churn_date,
        stood.signal_name,
        stood.evidence,
        row_number() over (
            partition by churns.account_id, churns.churn_date
            order by stood.as_of_date desc, stood.signal_name asc
        ) as recency
    from churns
    inner join {{ ref('fct_account_signals') }} as stood
        on
            churns.account_id = stood.account_id
            and churns.churn_date > stood.as_of_date
            and {{ days_between('stood.as_of_date', 'churns.churn_date') }} <= 90
    where stood.kind = 'risk' and stood.is_onset

),

final as (

    select
        churns.account_id,
        accounts.account_name,
        accounts.csm_id,
        {{ as_of_date() }} as as_of_date,
        churns.churn_date,
        {{ days_between('churns.churn_date', as_of_date()) }} as days_since_churn,
        churns.churn_kind,
        12 * churns.lost_mrr_usd as lost_arr_usd,
        signals.signal_name as last_signal,
        signals.evidence,
        row_number() over (
            order by churns.lost_mrr_usd desc, churns.churn_date desc, churns.account_id asc
        ) as win_back_rank
    from churns
    left join accounts
        on churns.account_id = accounts.account_id
    left join signals
        on
            churns.account_id = signals.account_id
            and churns.churn_date = signals.churn_date
            and signals.recency = 1

)

select {{ contract_columns('final') }}
from final
