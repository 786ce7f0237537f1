{%- set window_months = [1, 2, 3] -%}

with features as (

    select
        feat_accounts_daily.account_id,
        feat_accounts_daily.as_of_date,
        feat_accounts_daily.is_paying,
        cast(feat_accounts_daily.mrr as decimal(18, 2)) as mrr_usd,
        feat_accounts_daily.seat_utilization
    from {{ ref('feat_accounts_daily') }} as feat_accounts_daily
    where {{ is_index_day('feat_accounts_daily.as_of_date') }}

),

observed as (

    select
        max(case
            when source_types.source_type = 'subscription' then source_types.observed_from_date
        end) as subscription_from_date,
        max(case
            when source_types.source_type = 'usage' then source_types.observed_from_date
        end) as usage_from_date
    from {{ ref('int_source_types__observed') }} as source_types

),

days as (

    select
        features.as_of_date,
        {{ add_days('features.as_of_date', -365) }} as cohort_date,
        {{ month_start('features.as_of_date') }} as month_date
    from features
    group by features.as_of_date

),

asked as (

    select days.as_of_date as state_date from days
    union distinct
    select days.cohort_date as state_date from days
    union distinct
    select days.month_date as state_date from days
    {%- for months in window_months %}
    union distinct
    select {{ add_months('days.month_date', -months) }} as state_date from days
    {%- endfor %}

),

-- what was known then of whoever paid; before the first export nobody knows
states as (

    select
        asked.state_date,
        known_ranges.account_id,
        cast(known_ranges.mrr_cents as decimal(18, 2)) / 100 as mrr_usd
    from asked
    inner join {{ ref('int_account_states__known_ranged') }} as known_ranges
        on
            asked.state_date >= known_ranges.as_of_from_date
            and asked.state_date < known_ranges.as_of_until_date
    inner join observed
        on asked.state_date > observed.subscription_from_date
    where known_ranges.mrr_cents > 0

),

cohorts as (

    select
        days.as_of_date,
        started.account_id,
        started.mrr_usd as start_mrr_usd,
        coalesce(ended.mrr_usd, 0) as end_mrr_usd
    from days
    inner join states as started
        on days.cohort_date = started.state_date
    left join states as ended
        on
            days.as_of_date = ended.state_date
            and started.account_id = ended.account_id

),

signed as (

    select
        states.state_date as month_date,
        states.account_id,
        -states.mrr_usd as mrr_usd
    from states
    where states.state_date = {{ month_start('states.state_date') }}
    union all
    select
        {{ add_months('states.state_date', -1) }} as month_date,
        states.account_id,
        states.mrr_usd
    from states
    where states.state_date = {{ month_start('states.state_date') }}

),

changes as (

    select
        signed.month_date,
        signed.account_id,
        sum(signed.mrr_usd) as change_usd,
        max(abs(signed.mrr_usd)) as largest_mrr_usd
    from signed
    group by signed.month_date, signed.account_id

),

windows as (

    select
        days.*,
        {{ add_months('days.month_date', -3) }} as window_date
    from days
    inner join observed
        on {{ add_months('days.month_date', -3) }} > observed.subscription_from_date

),

movements as (

    select
        windows.as_of_date,
        windows.window_date,
        changes.account_id,
        sum(greatest(changes.change_usd, 0)) as gained_usd,
        sum(greatest(-changes.change_usd, 0)) as lost_usd,
        max(changes.largest_mrr_usd) as largest_mrr_usd
    from windows
    inner join changes
        on
            windows.window_date <= changes.month_date
            and windows.month_date > changes.month_date
    where changes.change_usd <> 0
    group by windows.as_of_date, windows.window_date, changes.account_id

),

nights as (

    select
        scored_nights.as_of_date as scores_date,
        {{ add_days('scored_nights.as_of_date', "cast(rules.rule_value as integer)") }}
            as scores_until_date
    from {{ ref('fct_scored_nights') }} as scored_nights
    inner join {{ ref('outlook_rules') }} as rules
        on rules.rule_name = 'scores_expire_days'
    where scored_nights.target = 'churn'

),

scored_days as (

    select
        days.as_of_date,
        max(nights.scores_date) as scores_date
    from days
    inner join nights
        on
            days.as_of_date >= nights.scores_date
            and days.as_of_date <= nights.scores_until_date
    group by days.as_of_date

),

parts as (

    select
        cohorts.as_of_date,
        'gross_retention' as component,
        cohorts.account_id,
        cohorts.start_mrr_usd as segment_mrr_usd,
        cast(null as date) as scores_date,
        least(cohorts.start_mrr_usd, cohorts.end_mrr_usd) as numerator,
        cohorts.start_mrr_usd as denominator
    from cohorts
    union all
    select
        cohorts.as_of_date,
        'net_retention' as component,
        cohorts.account_id,
        cohorts.start_mrr_usd as segment_mrr_usd,
        cast(null as date) as scores_date,
        cohorts.end_mrr_usd as numerator,
        cohorts.start_mrr_usd as denominator
    from cohorts
    union all
    select
        movements.as_of_date,
        'quick_ratio' as component,
        movements.account_id,
        coalesce(states.mrr_usd, movements.largest_mrr_usd) as segment_mrr_usd,
        cast(null as date) as scores_date,
        movements.gained_usd as numerator,
        movements.lost_usd as denominator
    from movements
    left join states
        on
            movements.window_date = states.state_date
            and movements.account_id = states.account_id
    union all
    select
        features.as_of_date,
        'risk_free_share' as component,
        features.account_id,
        features.mrr_usd as segment_mrr_usd,
        scored_days.scores_date,
        cast(features.mrr_usd * (1 - predictions.probability) as decimal(18, 2)) as numerator,
        features.mrr_usd as denominator
    from features
    inner join scored_days
        on features.as_of_date = scored_days.as_of_date
    inner join {{ ref('stg_ml__predictions') }} as predictions
        on
            scored_days.scores_date = predictions.as_of_date
            and features.account_id = predictions.account_id
            and predictions.target = 'churn'
    where features.is_paying
    union all
    select
        features.as_of_date,
        'engagement' as component,
        features.account_id,
        features.mrr_usd as segment_mrr_usd,
        cast(null as date) as scores_date,
        cast(features.mrr_usd * least(features.seat_utilization, 1) as decimal(18, 2))
            as numerator,
        features.mrr_usd as denominator
    from features
    -- 30 days of use are looked at
    inner join observed
        on {{ add_days('features.as_of_date', -30) }} >= observed.usage_from_date
    where features.is_paying and features.seat_utilization is not null

),

segments as (

    select
        account_segments.segment,
        account_segments.min_mrr_usd,
        lead(account_segments.min_mrr_usd) over (
            order by account_segments.min_mrr_usd
        ) as next_min_mrr_usd
    from {{ ref('account_segments') }} as account_segments

),

placed as (

    select
        parts.as_of_date,
        parts.component,
        parts.account_id,
        coalesce(segments.segment, 'unassigned') as segment,
        coalesce(attributes.owner, 'unassigned') as csm_id,
        parts.scores_date,
        parts.numerator,
        parts.denominator
    from parts
    left join segments
        on
            parts.segment_mrr_usd >= segments.min_mrr_usd
            and (
                parts.segment_mrr_usd < segments.next_min_mrr_usd
                or segments.next_min_mrr_usd is null
            )
    left join {{ ref('int_account_attributes__ranged') }} as attributes
        on
            parts.account_id = attributes.account_id
            and cast(parts.as_of_date as timestamp) > attributes.valid_from_at
            and cast(parts.as_of_date as timestamp) <= attributes.valid_until_at

)

select {{ contract_columns('placed') }}
from placed
