with account_months as (

    select * from {{ ref('dim_account_months') }}

),

counted as (

    select * from {{ ref('int_account_months__sentiment_counted') }}

),

-- what belongs to no account of that month stays in the sum, under 'unassigned'
keyed as (

    select
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        ) as account_month_id,
        sum(counted.nps_answer_count) as nps_answer_count,
        sum(counted.promoter_count) as promoter_count,
        sum(counted.detractor_count) as detractor_count,
        sum(counted.comment_count_30d) as comment_count_30d,
        sum(counted.sentiment_sum_30d) as sentiment_sum_30d
    from counted
    left join account_months
        on
            counted.account_id = account_months.account_id
            and counted.month_start_date = account_months.month_start_date
    group by
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        )

),

final as (

    select
        account_months.account_month_id,
        account_months.account_id,
        account_months.month_start_date,
        coalesce(keyed.nps_answer_count, 0) as nps_answer_count,
        coalesce(keyed.promoter_count, 0) as promoter_count,
        coalesce(keyed.detractor_count, 0) as detractor_count,
        coalesce(keyed.comment_count_30d, 0) as comment_count_30d,
        coalesce(keyed.sentiment_sum_30d, 0) as sentiment_sum_30d
    from account_months
    left join keyed
        on account_months.account_month_id = keyed.account_month_id

)

select {{ contract_columns('final') }}
from final
