{{ config(materialized='view') }}

with accounts as (

    select * from {{ ref('feat_accounts_daily') }}
    where is_paying and {{ is_built_health_day('as_of_date') }}

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

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

bands as (

    select * from {{ ref('int_health_scales__fitted') }}

),

features as (

    select distinct
        bands.segment,
        bands.lifecycle_stage,
        bands.feature_name,
        bands.component,
        bands.weight,
        bands.observed_from_date
    from bands

),

staged as (

    select
        accounts.*,
        segments.segment,
        coalesce(renewing.lifecycle_stage, stages.lifecycle_stage) as lifecycle_stage
    from accounts
    left join segments
        on
            accounts.mrr >= segments.min_mrr_usd
            and (
                accounts.mrr < segments.next_min_mrr_usd or segments.next_min_mrr_usd is null
            )
    left join stages
        on
            stages.renews_within_days is null
            and accounts.account_age_days >= stages.from_age_days
            and (
                accounts.account_age_days < stages.until_age_days
                or stages.until_age_days is null
            )
    left join stages as renewing
        on
            accounts.has_annual_term = 1
            and accounts.days_to_term_end <= renewing.renews_within_days
            and accounts.account_age_days >= renewing.from_age_days

),

expired as (

    select * from {{ ref('int_health_inputs__expired') }}

),

valued as (

    select
        staged.account_id,
        staged.as_of_date,
        staged.life_number,
        staged.segment,
        staged.lifecycle_stage,
        features.feature_name,
        features.component,
        features.weight,
        coalesce(features.observed_from_date < staged.as_of_date, false) as is_delivered,
        {{ feature_value('features.feature_name', 'staged') }} as feature_value
    from staged
    inner join features
        on
            staged.segment = features.segment
            and staged.lifecycle_stage = features.lifecycle_stage

),

judged as (

    select
        valued.*,
        case
            when not valued.is_delivered then 'not delivered'
            when valued.feature_value is null then 'unknown'
            when expired.account_id is not null then 'expired'
            else 'counted'
        end as input_status
    from valued
    left join expired
        on
            valued.account_id = expired.account_id
            and valued.as_of_date = expired.as_of_date
            and valued.feature_name = expired.feature_name

),

scored as (

    select
        judged.account_id,
        judged.as_of_date,
        judged.life_number,
        judged.segment,
        judged.lifecycle_stage,
        judged.feature_name,
        judged.component,
        judged.feature_value,
        judged.input_status,
        cast(judged.weight as decimal(9, 3)) as weight,
        cast(
            case
                when judged.input_status <> 'counted' then null
                when bands.from_value is null or bands.until_value is null then bands.points_from
                else
                    bands.points_from
                    + (bands.points_until - bands.points_from)
                    * (judged.feature_value - bands.from_value)
                    / (bands.until_value - bands.from_value)
            end as decimal(9, 4)
        ) as points
    from judged
    left join bands
        on
            judged.segment = bands.segment
            and judged.lifecycle_stage = bands.lifecycle_stage
            and judged.feature_name = bands.feature_name
            and (judged.feature_value >= bands.from_value or bands.from_value is null)
            and (judged.feature_value < bands.until_value or bands.until_value is null)

)

select * from scored
