with features as (

    select * from {{ ref('feat_accounts_daily') }}
    where is_paying

),

churns as (

    select * from {{ ref('fct_account_churns') }}

),

vendor_churns as (

    select distinct
        vendor_churn_events.account_id,
        cast(vendor_churn_events.churned_at as date) as churn_date
    from {{ ref('stg_subscription__vendor_churn_events') }} as vendor_churn_events

),

-- windows that reach back before the first export would read as silence
warmed_up as (

    select {{ add_days('min(features.as_of_date)', 60) }} as first_date
    from features

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

-- an end that was known late: the account seemed to pay, and had churned
churned_before as (

    select distinct
        gridded.account_id,
        gridded.as_of_date
    from gridded
    inner join churns
        on
            gridded.account_id = churns.account_id
            and churns.churn_date < gridded.as_of_date
            and coalesce(churns.returned_date, cast('9999-01-01' as date)) >= gridded.as_of_date

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
            < {{ add_days('gridded.as_of_date', var('label_horizon_days')) }}

),

vendor_churned_soon as (

    select distinct
        gridded.account_id,
        gridded.as_of_date
    from gridded
    inner join vendor_churns
        on
            gridded.account_id = vendor_churns.account_id
            and vendor_churns.churn_date >= gridded.as_of_date
            and vendor_churns.churn_date
            < {{ add_days('gridded.as_of_date', var('label_horizon_days')) }}

),

labelled as (

    select
        gridded.*,
        case
            -- a churn shows only once its gap has passed
            when {{ days_between('gridded.as_of_date', as_of_date()) }}
                < {{ var('label_horizon_days') + var('churn_gap_days') }} then null
            when churned_soon.account_id is not null then 1
            else 0
        end as churned_within_60d,
        case
            when {{ days_between('gridded.as_of_date', as_of_date()) }}
                < {{ var('label_horizon_days') }} then null
            when vendor_churned_soon.account_id is not null then 1
            else 0
        end as vendor_churned_within_60d
    from gridded
    left join churned_soon
        on
            gridded.account_id = churned_soon.account_id
            and gridded.as_of_date = churned_soon.as_of_date
    left join vendor_churned_soon
        on
            gridded.account_id = vendor_churned_soon.account_id
            and gridded.as_of_date = vendor_churned_soon.as_of_date
    left join churned_before
        on
            gridded.account_id = churned_before.account_id
            and gridded.as_of_date = churned_before.as_of_date
    where churned_before.account_id is null

)

select {{ contract_columns('labelled') }}
from labelled
