{{ config(group='outlook') }}
-- A forecast is the sum of its parts, lies within its interval, starts from the night's ARR (as
-- tonight's does: a day that lands late moves the past under one that was frozen) and was learnt
-- from no more earlier forecasts than had come true or false by its night. Every scored night that
-- can have one has one for each horizon.
with forecasts as (

    select * from {{ ref('fct_arr_forecast') }}

),

matured as (

    select
        forecasts.as_of_date,
        forecasts.horizon_days,
        count(earlier.as_of_date) as matured_count
    from forecasts
    left join forecasts as earlier
        on
            forecasts.horizon_days = earlier.horizon_days
            and forecasts.as_of_date >= earlier.target_date
    group by forecasts.as_of_date, forecasts.horizon_days

),

paying as (

    select
        features.as_of_date,
        count(*) as accounts_count,
        sum(12 * cast(features.mrr as decimal(18, 2))) as arr_usd
    from {{ ref('feat_accounts_daily') }} as features
    where features.is_paying
    group by features.as_of_date

)

select
    'parts' as fault,
    forecasts.as_of_date,
    forecasts.horizon_days
from forecasts
inner join matured
    on
        forecasts.as_of_date = matured.as_of_date
        and forecasts.horizon_days = matured.horizon_days
inner join paying
    on forecasts.as_of_date = paying.as_of_date
where
    forecasts.expected_arr_usd
    <> forecasts.arr_usd - forecasts.revenue_at_risk_usd - forecasts.expected_contraction_usd
    + forecasts.expected_expansion_usd + forecasts.expected_new_usd
    or (
        forecasts.as_of_date = {{ as_of_date() }}
        and (
            forecasts.arr_usd <> paying.arr_usd
            or forecasts.accounts_count <> paying.accounts_count
        )
    )
    or forecasts.revenue_at_risk_usd < 0
    or forecasts.revenue_at_risk_usd > forecasts.arr_usd
    or forecasts.lower_arr_usd > forecasts.expected_arr_usd
    or forecasts.upper_arr_usd < forecasts.expected_arr_usd
    or forecasts.target_date
    <> {{ add_days('forecasts.as_of_date', 'cast(forecasts.horizon_days as integer)') }}
    or forecasts.matured_count > matured.matured_count
union all
select
    'nights' as fault,
    rates.as_of_date,
    count(forecasts.horizon_days) as horizon_days
from {{ ref('int_arr_rates__measured') }} as rates
left join forecasts
    on
        rates.as_of_date = forecasts.as_of_date
        and rates.run_id = forecasts.run_id
group by rates.as_of_date
having count(forecasts.horizon_days) <> 3
