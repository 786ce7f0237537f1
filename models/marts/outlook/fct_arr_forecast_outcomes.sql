with forecasts as (

    select * from {{ ref('fct_arr_forecast') }}
    where target_date <= {{ as_of_date() }}

),

came as (

    select
        features.as_of_date,
        sum(12 * cast(features.mrr as decimal(18, 2))) as arr_usd
    from {{ ref('feat_accounts_daily') }} as features
    where features.is_paying
    group by features.as_of_date

),

judged as (

    select
        forecasts.as_of_date,
        forecasts.horizon_days,
        forecasts.target_date,
        forecasts.is_replayed,
        forecasts.arr_usd,
        forecasts.expected_arr_usd,
        came.arr_usd as came_arr_usd,
        forecasts.expected_arr_usd - came.arr_usd as error_usd,
        forecasts.arr_usd - came.arr_usd as naive_error_usd,
        case
            when
                came.arr_usd >= forecasts.lower_arr_usd
                and came.arr_usd <= forecasts.upper_arr_usd
                then 1
            else 0
        end as within_count
    from forecasts
    inner join came
        on forecasts.target_date = came.as_of_date

)

select {{ contract_columns('judged') }}
from judged
