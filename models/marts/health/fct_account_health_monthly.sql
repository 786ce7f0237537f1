with days as (

    select * from {{ ref('fct_account_health_daily') }}
    where as_of_date = {{ month_start('as_of_date') }} and as_of_date <= {{ as_of_date() }}

),

bands as (

    select * from {{ ref('health_score_bands') }}

),

churns as (

    select * from {{ ref('fct_account_churns') }}
    where established_date <= {{ as_of_date() }}

),

-- what came of a computed band; a person's word is no part of what is judged (D188)
judged as (

    select
        days.account_id,
        days.as_of_date,
        max(case when bands.is_at_risk then 1 else 0 end) as flagged_count,
        max(case when churns.churn_date is not null then 1 else 0 end) as churned_count
    from days
    inner join bands
        on days.computed_band = bands.health_band
    left join churns
        on
            days.account_id = churns.account_id
            and days.as_of_date <= churns.churn_date
            and {{ add_days('days.as_of_date', var('health_horizon_days')) }} > churns.churn_date
    where
        {{ add_days('days.as_of_date', var('health_horizon_days') + var('churn_gap_days')) }}
        <= {{ as_of_date() }}
    group by days.account_id, days.as_of_date

),

final as (

    select
        {{ account_month_id('days.account_id', add_days('days.as_of_date', -1)) }}
            as account_month_id,
        days.account_id,
        {{ month_start(add_days('days.as_of_date', -1)) }} as month_start_date,
        days.health_score,
        1 as asked_count,
        case when days.health_band = 'insufficient data' then 0 else 1 end as judged_count,
        case when days.health_score is null then 0 else 1 end as scored_count,
        case when bands.is_at_risk then 1 else 0 end as at_risk_count,
        judged.churned_count,
        1 - judged.churned_count as stayed_count,
        judged.flagged_count * judged.churned_count as flagged_churned_count,
        judged.flagged_count * (1 - judged.churned_count) as flagged_stayed_count,
        1 - abs(judged.flagged_count - judged.churned_count) as right_call_count
    from days
    left join bands
        on days.health_band = bands.health_band
    left join judged
        on days.account_id = judged.account_id and days.as_of_date = judged.as_of_date

)

select {{ contract_columns('final') }}
from final
