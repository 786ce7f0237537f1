with churns as (

    select * from {{ ref('int_account_churns__dated') }}

),

paid_ranges as (

    select * from {{ ref('int_subscriptions__valid_ranged') }}
    where service = 'paid'

),

versions as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

reasons as (

    select * from {{ ref('cancellation_reasons') }}

),

-- the largest of what ended with the churn says why
ended as (

    select
        churns.account_id,
        churns.churn_date,
        churns.returned_date,
        paid_ranges.subscription_id,
        paid_ranges.is_past_due,
        sum(paid_ranges.mrr_cents) over (
            partition by churns.account_id, churns.churn_date
        ) as lost_mrr_cents,
        row_number() over (
            partition by churns.account_id, churns.churn_date
            order by paid_ranges.mrr_cents desc, paid_ranges.subscription_id asc
        ) as size_rank
    from churns
    inner join paid_ranges
        on
            churns.account_id = coalesce(paid_ranges.account_id, 'unassigned')
            and churns.churn_date = paid_ranges.valid_until_date

),

told as (

    select
        ended.*,
        versions.cancellation_reason,
        row_number() over (
            partition by ended.account_id, ended.churn_date
            order by versions.changed_at desc, versions.known_at desc
        ) as recency
    from ended
    inner join versions
        on
            ended.subscription_id = versions.subscription_id
            and cast(versions.changed_at as date)
            <= coalesce(ended.returned_date, cast('9999-01-01' as date))
    where ended.size_rank = 1

),

explained as (

    select
        told.account_id,
        told.churn_date,
        told.returned_date,
        coalesce(
            reasons.churn_kind,
            case when told.is_past_due then 'involuntary' else 'voluntary' end
        ) as churn_kind,
        told.lost_mrr_cents
    from told
    left join reasons
        on told.cancellation_reason = reasons.cancellation_reason
    where told.recency = 1

),

final as (

    select
        {{ account_month_id('explained.account_id', 'explained.churn_date') }} as account_month_id,
        explained.account_id,
        explained.churn_date,
        explained.returned_date,
        {{ add_days('explained.churn_date', var('churn_gap_days') + 1) }} as established_date,
        explained.churn_kind,
        1 as churn_count,
        cast(explained.lost_mrr_cents as decimal(18, 2)) / 100 as lost_mrr_usd
    from explained

)

select {{ contract_columns('final') }}
from final
