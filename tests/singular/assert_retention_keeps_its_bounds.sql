-- Gross retention is at most 1 and at most net retention, whatever it is cut by: it holds for each
-- account. A closed cohort starts with what was paid at the end of the month before.
with retention as (

    select * from {{ ref('fct_account_retention') }}

),

months as (

    select * from {{ ref('fct_account_mrr_monthly') }}

)

select
    retention.account_month_id,
    retention.grain,
    retention.period_start_date,
    retention.start_mrr_usd,
    retention.end_mrr_usd,
    retention.retained_mrr_usd,
    months.mrr_usd
from retention
left join months
    on
        retention.account_id = months.account_id
        and months.month_start_date = {{ month_start(add_days('retention.period_start_date', -1)) }}
where
    retention.start_mrr_usd <= 0
    or retention.retained_mrr_usd > retention.start_mrr_usd
    or retention.retained_mrr_usd > retention.end_mrr_usd
    or months.mrr_usd is null
    or months.mrr_usd <> retention.start_mrr_usd
