-- Churn by segment and by adoption are cuts of the same accounts: each sums to the total.
with by_segment as (

    select
        coalesce(sum(segments.start_account_count), 0) as start_account_count,
        coalesce(sum(segments.churned_account_count), 0) as churned_account_count,
        coalesce(sum(segments.start_mrr_usd), 0) as start_mrr_usd,
        coalesce(sum(segments.lost_mrr_usd), 0) as lost_mrr_usd
    from {{ ref('rpt_churn_by_segment') }} as segments

),

by_adoption as (

    select
        coalesce(sum(bands.start_account_count), 0) as start_account_count,
        coalesce(sum(bands.churned_account_count), 0) as churned_account_count,
        coalesce(sum(bands.start_mrr_usd), 0) as start_mrr_usd,
        coalesce(sum(bands.lost_mrr_usd), 0) as lost_mrr_usd
    from {{ ref('rpt_churn_by_adoption') }} as bands

),

periods as (

    select min(segments.period_start_date) as period_start_date
    from {{ ref('rpt_churn_by_segment') }} as segments

),

-- counted without any cut
in_all as (

    select
        count(*) as start_account_count,
        coalesce(sum(mrr_months.mrr_usd), 0) as start_mrr_usd
    from {{ ref('fct_account_mrr_monthly') }} as mrr_months
    inner join periods
        on
            mrr_months.month_start_date
            = {{ month_start(add_days('periods.period_start_date', -1)) }}
    where mrr_months.mrr_usd > 0

)

select
    by_segment.start_account_count as segment_accounts,
    by_adoption.start_account_count as adoption_accounts,
    in_all.start_account_count as accounts
from by_segment
cross join by_adoption
cross join in_all
where
    by_segment.start_account_count <> in_all.start_account_count
    or by_adoption.start_account_count <> in_all.start_account_count
    or by_segment.start_mrr_usd <> in_all.start_mrr_usd
    or by_adoption.start_mrr_usd <> in_all.start_mrr_usd
    or by_segment.churned_account_count <> by_adoption.churned_account_count
    or by_segment.lost_mrr_usd <> by_adoption.lost_mrr_usd
