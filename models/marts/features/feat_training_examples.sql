{#- By label: who has none, after how many days it is known, and what makes it 1. A churn shows only
    once its gap has passed. -#}
{%- set horizon, gap = var('label_horizon_days'), var('churn_gap_days') -%}
{%- set expansion, conversion = var('expansion_horizon_days'), var('conversion_horizon_days') -%}
{%- set labels = {
    'churned_within_60d': {
        'none_where': 'not gridded.is_paying',
        'known_after_days': horizon + gap,
        'came_where': 'churned_soon.account_id is not null',
    },
    'vendor_churned_within_60d': {
        'none_where': 'not gridded.is_paying',
        'known_after_days': horizon,
        'came_where': 'vendor_churned_soon.account_id is not null',
    },
    'expanded_within_90d': {
        'none_where': 'not gridded.is_paying or coalesce(mrr_rises.mrr_cents, 0) = 0',
        'known_after_days': expansion,
        'came_where': 'mrr_rises.risen_date < ' ~ add_days('gridded.as_of_date', expansion),
    },
    'converted_within_30d': {
        'none_where': 'not gridded.is_trial or mrr_rises.mrr_cents > 0',
        'known_after_days': conversion,
        'came_where': 'mrr_rises.risen_date < ' ~ add_days('gridded.as_of_date', conversion),
    },
} -%}
with features as (

    select * from {{ ref('feat_accounts_daily') }}
    where is_paying or is_trial

),

churns as (

    select * from {{ ref('fct_account_churns') }}

),

mrr_rises as (

    select * from {{ ref('int_account_mrr_rises__dated') }}

),

observed as (

    select * from {{ ref('int_source_types__observed') }}
    where source_type = 'usage'

),

-- contracts on file are often older than the log of use
begun as (

    select min(features.as_of_date) as begun_date
    from features
    union all
    select observed.observed_from_date as begun_date
    from observed

),

-- windows that reach back before the first export would read as silence
warmed_up as (

    select {{ add_days('max(begun.begun_date)', 60) }} as first_date
    from begun

),

gridded as (

    select features.*
    from features
    cross join warmed_up
    where
        features.as_of_date >= warmed_up.first_date
        and features.as_of_date <= {{ as_of_date() }}
        and mod(
            {{ days_between('features.as_of_date', as_of_date()) }}, {{ var('training_grid_days') }}
        ) = 0

),

doubted as (

    select distinct
        gridded.account_id,
        gridded.as_of_date
    from gridded
    inner join {{ ref('int_account_dates__doubted') }} as doubted_dates
        on
            gridded.account_id = doubted_dates.account_id
            and gridded.as_of_date >= doubted_dates.from_date
            and gridded.as_of_date < doubted_dates.until_date
            and (gridded.is_paying or not doubted_dates.is_churned)

),

churned_soon as (

    select distinct
        gridded.account_id,
        gridded.as_of_date
    from gridded
    inner join churns
        on
            gridded.account_id = churns.account_id
            and churns.churn_date >= gridded.as_of_date
            and churns.churn_date
            < {{ add_days('gridded.as_of_date', horizon) }}

),

vendor_churned_soon as (

    select distinct
        gridded.account_id,
        gridded.as_of_date
    from gridded
    inner join {{ ref('stg_subscription__vendor_churn_events') }} as vendor_churns
        on
            gridded.account_id = vendor_churns.account_id
            and cast(vendor_churns.churned_at as date) >= gridded.as_of_date
            and cast(vendor_churns.churned_at as date)
            < {{ add_days('gridded.as_of_date', horizon) }}

),

labelled as (

    select
        gridded.*
        {%- for name, label in labels.items() %},
        cast(
            case
                when {{ label.none_where }} then null
                when {{ days_between('gridded.as_of_date', as_of_date()) }}
                    < {{ label.known_after_days }} then null
                when {{ label.came_where }} then 1
                else 0
            end as {{ column_type('double') }}
        ) as {{ name }}
        {%- endfor %}
    from gridded
    -- what was truly paid on the day before
    left join mrr_rises
        on
            gridded.account_id = mrr_rises.account_id
            and {{ add_days('gridded.as_of_date', -1) }} >= mrr_rises.from_date
            and {{ add_days('gridded.as_of_date', -1) }} < mrr_rises.until_date
    left join churned_soon
        on
            gridded.account_id = churned_soon.account_id
            and gridded.as_of_date = churned_soon.as_of_date
    left join vendor_churned_soon
        on
            gridded.account_id = vendor_churned_soon.account_id
            and gridded.as_of_date = vendor_churned_soon.as_of_date
    left join doubted
        on
            gridded.account_id = doubted.account_id
            and gridded.as_of_date = doubted.as_of_date
    where doubted.account_id is null

)

select * from labelled
