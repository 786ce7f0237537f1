{%- set horizons = [30, 60, 90] -%}

with health as (

    select * from {{ ref('fct_account_health_daily') }}

),

bands as (

    select * from {{ ref('health_score_bands') }}

),

features as (

    select * from {{ ref('feat_accounts_daily') }}

),

nights as (

    select * from {{ ref('fct_scored_nights') }}
    where target = 'churn' and is_weekly_cohort

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where target = 'churn'

),

doubted_dates as (

    select * from {{ ref('int_account_dates__doubted') }}

),

churns as (

    select * from {{ ref('fct_account_churns') }}

),

health_dates as (

    select distinct health.as_of_date
    from health

),

begun as (

    select min(features.as_of_date) as begun_date
    from features
    union all
    select observed.observed_from_date as begun_date
    from {{ ref('int_source_types__observed') }} as observed
    where observed.source_type = 'usage'

),

-- windows that reach back before the first export would read as silence (D150)
warmed_up as (

    select {{ add_days('max(begun.begun_date)', 60) }} as first_date
    from begun

),

-- health older than a night by a few days is what stood then
sampled as (

    select
        'months' as sample_name,
        health_dates.as_of_date,
        health_dates.as_of_date as health_date
    from health_dates
    where health_dates.as_of_date = {{ month_start('health_dates.as_of_date') }}
    union all
    select
        'scored nights' as sample_name,
        nights.as_of_date,
        max(health_dates.as_of_date) as health_date
    from nights
    inner join health_dates
        on
            nights.as_of_date >= health_dates.as_of_date
            and nights.as_of_date < {{ add_days('health_dates.as_of_date', 7) }}
    group by nights.as_of_date

),

dated as (

    select sampled.*
    from sampled
    cross join warmed_up
    where sampled.health_date >= warmed_up.first_date and sampled.as_of_date <= {{ as_of_date() }}

),

-- the reference case's old score, of which only the three signals are known: their mean rank
ranked as (

    select
        dated.sample_name,
        dated.as_of_date,
        health.account_id,
        100 - health.computed_score as health_risk,
        bands.is_at_risk,
        100 - 100 * (
            percent_rank() over (
                partition by dated.sample_name, dated.as_of_date
                order by coalesce(features.days_since_last_login, 9999) desc
            )
            + percent_rank() over (
                partition by dated.sample_name, dated.as_of_date
                order by coalesce(features.core_actions_per_seat_30d * features.seats, 0)
            )
            + percent_rank() over (
                partition by dated.sample_name, dated.as_of_date
                order by coalesce(features.seats, 0)
            )
        ) / 3 as three_signal_risk,
        predictions.probability as churn_model_risk
    from dated
    inner join health
        on dated.health_date = health.as_of_date
    inner join features
        on
            health.account_id = features.account_id
            and health.as_of_date = features.as_of_date
    left join bands
        on health.computed_band = bands.health_band
    left join predictions
        on
            dated.sample_name = 'scored nights'
            and health.account_id = predictions.account_id
            and dated.as_of_date = predictions.as_of_date

),

-- all scores are judged by the same rows
known as (

    select ranked.*
    from ranked
    where
        ranked.health_risk is not null
        and (ranked.sample_name = 'months' or ranked.churn_model_risk is not null)

),

doubted as (

    select distinct
        known.sample_name,
        known.as_of_date,
        known.account_id
    from known
    inner join doubted_dates
        on
            known.account_id = doubted_dates.account_id
            and known.as_of_date >= doubted_dates.from_date
            and known.as_of_date < doubted_dates.until_date

),

horizons as (
    {% for days in horizons %}
    select {{ days }} as horizon_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

labelled as (

    select
        known.sample_name,
        known.as_of_date,
        known.account_id,
        horizons.horizon_days,
        known.is_at_risk,
        known.health_risk,
        known.three_signal_risk,
        known.churn_model_risk,
        max(case when churns.account_id is not null then 1 else 0 end) as has_churned
    from known
    inner join horizons
        on
            {{ add_days('known.as_of_date', 'horizons.horizon_days + ' ~ var('churn_gap_days')) }}
            <= {{ as_of_date() }}
    left join doubted
        on
            known.sample_name = doubted.sample_name
            and known.as_of_date = doubted.as_of_date
            and known.account_id = doubted.account_id
    left join churns
        on
            known.account_id = churns.account_id
            and churns.churn_date >= known.as_of_date
            and churns.churn_date < {{ add_days('known.as_of_date', 'horizons.horizon_days') }}
    where doubted.account_id is null
    group by
        known.sample_name, known.as_of_date, known.account_id, horizons.horizon_days,
        known.is_at_risk, known.health_risk, known.three_signal_risk, known.churn_model_risk

)

select * from labelled
