with days as (

    select * from {{ ref('fct_account_health_daily') }}
    where as_of_date = {{ month_start('as_of_date') }} and as_of_date <= {{ as_of_date() }}

),

bands as (

    select * from {{ ref('health_score_bands') }}

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
        case when bands.is_at_risk then 1 else 0 end as at_risk_count
    from days
    left join bands
        on days.health_band = bands.health_band

)

select {{ contract_columns('final') }}
from final
