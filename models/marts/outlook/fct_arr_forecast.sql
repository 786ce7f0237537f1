{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_unscored_nights(ref('stg_ml__predictions')) }}"
    )
}}

{%- set rules = ['interval_share', 'prior_spread', 'prior_weight'] %}
{%- set horizons = [30, 60, 90] %}

with predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where
        as_of_date <= {{ as_of_date() }}
        {%- if is_incremental() %}
        and as_of_date not in (select kept.as_of_date from {{ this }} as kept)
        {%- endif %}

),

features as (

    select
        feat_accounts_daily.account_id,
        feat_accounts_daily.as_of_date,
        12 * cast(feat_accounts_daily.mrr as decimal(18, 2)) as arr_usd
    from {{ ref('feat_accounts_daily') }} as feat_accounts_daily
    where feat_accounts_daily.is_paying

),

rules as (

    select
        {%- for rule in rules %}
        max(case when outlook_rules.rule_name = '{{ rule }}' then outlook_rules.rule_value end)
            as {{ rule }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('outlook_rules') }} as outlook_rules

),

horizons as (
    {% for horizon in horizons %}
    select {{ horizon }} as horizon_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

rates as (

    select * from {{ ref('int_arr_rates__measured') }}
    {%- if is_incremental() %}
    where as_of_date not in (select kept.as_of_date from {{ this }} as kept)
    {%- endif %}

),

arr_days as (

    select
        features.as_of_date,
        sum(features.arr_usd) as arr_usd
    from features
    group by features.as_of_date

),

-- within another time than the model's, at a hazard that does not change
foretold as (

    select
        rates.as_of_date,
        horizons.horizon_days,
        features.arr_usd,
        rates.expansion_size,
        1 - power(
            1 - coalesce(churns.probability, 0),
            horizons.horizon_days / {{ var('label_horizon_days') }}.0
        ) as churn_chance,
        1 - power(
            1 - expansions.probability,
            horizons.horizon_days / {{ var('expansion_horizon_days') }}.0
        ) as rise_chance
    from rates
    cross join horizons
    inner join features
        on rates.as_of_date = features.as_of_date
    left join predictions as churns
        on
            features.account_id = churns.account_id
            and features.as_of_date = churns.as_of_date
            and churns.target = 'churn'
    left join predictions as expansions
        on
            features.account_id = expansions.account_id
            and features.as_of_date = expansions.as_of_date
            and expansions.target = 'expansion'

),

-- who leaves does not expand
chances as (

    select
        foretold.*,
        foretold.rise_chance * (1 - foretold.churn_chance) as expansion_chance
    from foretold

),

summed as (

    select
        chances.as_of_date,
        chances.horizon_days,
        count(*) as accounts_count,
        sum(chances.arr_usd) as arr_usd,
        {{ exact_sum('chances.arr_usd * chances.churn_chance') }} as churn_arr_usd,
        {{ exact_sum('chances.arr_usd * chances.expansion_size * chances.expansion_chance') }}
            as expansion_arr_usd,
        {{ exact_sum('chances.arr_usd * chances.arr_usd * (
            chances.churn_chance * (1 - chances.churn_chance)
            + coalesce(
                chances.expansion_size * chances.expansion_size * chances.expansion_chance
                * (1 - chances.expansion_chance)
                + 2 * chances.expansion_size * chances.churn_chance * chances.expansion_chance, 0
            )
        )') }} as account_variance
    from chances
    group by chances.as_of_date, chances.horizon_days

),

expected as (

    select
        rates.as_of_date,
        rates.run_id,
        rates.model_version,
        rates.is_replayed,
        summed.horizon_days,
        {{ add_days('rates.as_of_date', 'summed.horizon_days') }} as target_date,
        summed.accounts_count,
        summed.arr_usd,
        cast(summed.churn_arr_usd as decimal(18, 2)) as revenue_at_risk_usd,
        cast(summed.arr_usd * rates.contraction_rate * summed.horizon_days as decimal(18, 2))
            as expected_contraction_usd,
        cast(
            coalesce(
                summed.expansion_arr_usd,
                summed.arr_usd * rates.expansion_rate * summed.horizon_days
            ) + summed.arr_usd * rates.smaller_rise_rate * summed.horizon_days as decimal(18, 2)
        ) as expected_expansion_usd,
        cast(rates.new_arr_usd_a_day * summed.horizon_days as decimal(18, 2)) as expected_new_usd,
        cast(sqrt(summed.account_variance) as decimal(18, 2)) as account_spread_usd
    from summed
    inner join rates
        on summed.as_of_date = rates.as_of_date

),

totalled as (

    select
        expected.*,
        expected.arr_usd - expected.revenue_at_risk_usd - expected.expected_contraction_usd
        + expected.expected_expansion_usd + expected.expected_new_usd as expected_arr_usd
    from expected

),

told as (

    select
        totalled.as_of_date,
        totalled.horizon_days,
        totalled.target_date,
        totalled.arr_usd,
        totalled.expected_arr_usd,
        totalled.account_spread_usd
    from totalled
    {%- if is_incremental() %}
    union all
    select
        kept.as_of_date,
        kept.horizon_days,
        kept.target_date,
        kept.arr_usd,
        kept.expected_arr_usd,
        kept.account_spread_usd
    from {{ this }} as kept
    {%- endif %}

),

-- as shares of ARR: what went wrong, and how much of it accounts that err alone explain
errors as (

    select
        told.as_of_date,
        told.horizon_days,
        told.target_date,
        power({{ ratio('(came.arr_usd - told.expected_arr_usd)', 'told.arr_usd') }}, 2)
        - power({{ ratio('told.account_spread_usd', 'told.arr_usd') }}, 2) as excess_variance
    from told
    inner join arr_days as came
        on told.target_date = came.as_of_date

),

-- only forecasts whose day had come; those that overlap count once
learnt as (

    select
        totalled.as_of_date,
        totalled.horizon_days,
        count(errors.as_of_date) as matured_count,
        case
            when count(errors.as_of_date) > 0
                then least(
                    count(errors.as_of_date),
                    1 + {{ days_between('min(errors.as_of_date)', 'max(errors.as_of_date)') }}
                    / (totalled.horizon_days * 1.0)
                )
            else 0
        end as independent_count,
        coalesce({{ exact_mean('errors.excess_variance') }}, 0) as excess_variance
    from totalled
    left join errors
        on
            totalled.horizon_days = errors.horizon_days
            and totalled.as_of_date >= errors.target_date
    group by totalled.as_of_date, totalled.horizon_days

),

spread as (

    select
        totalled.*,
        learnt.matured_count,
        learnt.independent_count,
        rules.interval_share,
        rules.prior_weight + learnt.independent_count as freedom,
        {{ normal_quantile('(1 - rules.interval_share) / 2') }} as z,
        cast(sqrt(
            (
                rules.prior_weight * rules.prior_spread * rules.prior_spread
                * totalled.horizon_days / 30
                + learnt.independent_count * greatest(learnt.excess_variance, 0)
            ) / (rules.prior_weight + learnt.independent_count)
        ) as decimal(12, 9)) as common_spread
    from totalled
    inner join learnt
        on
            totalled.as_of_date = learnt.as_of_date
            and totalled.horizon_days = learnt.horizon_days
    cross join rules

),

-- few forecasts: a wider interval (the first term of Student's quantile)
widened as (

    select
        spread.*,
        (spread.z + (spread.z * spread.z * spread.z + spread.z) / (4 * spread.freedom))
        * sqrt(
            power(spread.account_spread_usd, 2) + power(spread.common_spread * spread.arr_usd, 2)
        ) as half_width_usd
    from spread

),

forecast as (

    select
        widened.*,
        cast(
            greatest(0, widened.expected_arr_usd - widened.half_width_usd) as decimal(18, 2)
        ) as lower_arr_usd,
        cast(widened.expected_arr_usd + widened.half_width_usd as decimal(18, 2))
            as upper_arr_usd
    from widened

)

select {{ contract_columns('forecast') }}
from forecast
