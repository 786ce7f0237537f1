with account_months as (

    select * from {{ ref('dim_account_months') }}

),

answers as (

    select * from {{ ref('int_nps_answers__valid_ranged') }}

),

comments as (

    select * from {{ ref('int_comments__scored') }}

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

counted_by_kind as (

    select
        coalesce(answers.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        1 as nps_answer_count,
        case when answers.score >= 9 then 1 else 0 end as promoter_count,
        case when answers.score <= 6 then 1 else 0 end as detractor_count,
        0 as comment_count_30d,
        cast(0 as decimal(38, 18)) as sentiment_sum_30d
    from answers
    inner join months
        on
            months.period_end_date >= answers.valid_from_date
            and months.period_end_date < answers.valid_until_date
    union all
    select
        coalesce(comments.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        0 as nps_answer_count,
        0 as promoter_count,
        0 as detractor_count,
        1 as comment_count_30d,
        -- exact, so that the sum does not depend on the order of the comments
        cast(comments.sentiment_score as decimal(38, 18)) as sentiment_sum_30d
    from comments
    inner join months
        on
            cast(comments.commented_at as date) < months.period_end_date
            and cast(comments.commented_at as date)
            >= {{ add_days('months.period_end_date', -30) }}

),

counted as (

    select
        counted_by_kind.account_id,
        counted_by_kind.month_start_date,
        sum(counted_by_kind.nps_answer_count) as nps_answer_count,
        sum(counted_by_kind.promoter_count) as promoter_count,
        sum(counted_by_kind.detractor_count) as detractor_count,
        sum(counted_by_kind.comment_count_30d) as comment_count_30d,
        sum(counted_by_kind.sentiment_sum_30d) as sentiment_sum_30d
    from counted_by_kind
    group by counted_by_kind.account_id, counted_by_kind.month_start_date

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
