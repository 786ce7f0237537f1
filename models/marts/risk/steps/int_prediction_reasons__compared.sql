with reasons as (

    select * from {{ ref('stg_ml__prediction_reasons') }}
    where as_of_date = {{ as_of_date() }} and target = 'churn'

),

feature_groups as (

    select * from {{ ref('feature_groups') }}

),

features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

ages as (

    select * from {{ ref('peer_ages') }}

),

limits as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

falls as (

    select distinct phrases.feature_name
    from {{ ref('feature_reasons') }} as phrases
    where phrases.value_style = 'percent_below'

),

aged as (

    select
        features.account_id,
        max(ages.min_age_days) as min_age_days
    from features
    inner join ages
        on features.account_age_days >= ages.min_age_days
    group by features.account_id

),

peers as (

    select
        aged.account_id,
        accounts.segment,
        ages.age_words
    from aged
    inner join ages
        on aged.min_age_days = ages.min_age_days
    left join accounts
        on aged.account_id = accounts.account_id

),

-- decimals: sums that do not depend on the order of the rows
rounded as (

    select
        reasons.run_id,
        reasons.model_version,
        reasons.as_of_date,
        reasons.account_id,
        coalesce(feature_groups.reason_group, reasons.feature_name) as reason_group,
        coalesce(feature_groups.comes_last, false) as comes_last,
        reasons.feature_name,
        cast(reasons.contribution as decimal(18, 12)) as contribution,
        cast(reasons.feature_value as decimal(28, 6)) as feature_value,
        cast(reasons.contribution_before as decimal(18, 12)) as contribution_before,
        cast(reasons.value_before as decimal(28, 6)) as value_before,
        peers.segment,
        -- the young are not compared in what they are young by
        case when not coalesce(feature_groups.is_of_age, false) then peers.age_words end
            as age_words
    from reasons
    left join feature_groups
        on reasons.feature_name = feature_groups.feature_name
    left join peers
        on reasons.account_id = peers.account_id

),

cells as (

    select
        rounded.model_version,
        rounded.feature_name,
        rounded.segment,
        rounded.age_words,
        sum(rounded.feature_value) as value_sum,
        count(rounded.feature_value) as account_count
    from rounded
    group by
        rounded.model_version, rounded.feature_name, rounded.segment, rounded.age_words

),

segments as (

    select
        cells.model_version,
        cells.feature_name,
        cells.segment,
        sum(cells.value_sum) as value_sum,
        sum(cells.account_count) as account_count
    from cells
    group by cells.model_version, cells.feature_name, cells.segment

),

totals as (

    select
        segments.model_version,
        segments.feature_name,
        sum(segments.value_sum) as value_sum,
        sum(segments.account_count) as account_count
    from segments
    group by segments.model_version, segments.feature_name

),

averaged as (

    select
        rounded.*,
        case
            when cells.account_count is not null
                then rounded.segment || ' accounts ' || rounded.age_words
            when segments.account_count is not null then rounded.segment || ' accounts'
            else 'all accounts'
        end as peers,
        coalesce(
            cells.value_sum / cells.account_count,
            segments.value_sum / segments.account_count,
            totals.value_sum / nullif(totals.account_count, 0)
        ) as peer_value
    from rounded
    cross join limits
    inner join totals
        on
            rounded.model_version = totals.model_version
            and rounded.feature_name = totals.feature_name
    left join segments
        on
            rounded.model_version = segments.model_version
            and rounded.feature_name = segments.feature_name
            and rounded.segment = segments.segment
            and segments.account_count >= limits.smallest_peer_group
    left join cells
        on
            rounded.model_version = cells.model_version
            and rounded.feature_name = cells.feature_name
            and rounded.segment = cells.segment
            and rounded.age_words = cells.age_words
            and cells.account_count >= limits.smallest_peer_group

),

compared as (

    select
        averaged.run_id,
        averaged.model_version,
        averaged.as_of_date,
        averaged.account_id,
        averaged.reason_group,
        averaged.comes_last,
        averaged.feature_name,
        averaged.contribution,
        averaged.feature_value,
        averaged.contribution_before,
        averaged.value_before,
        averaged.peers,
        averaged.peer_value,
        case
            when averaged.feature_value is null then null
            when averaged.feature_value > averaged.peer_value then 'above'
            -- what all peers have is no lack: `key contacts stay`, not `lost one`
            when averaged.feature_value = averaged.peer_value and averaged.feature_value > 0
                then 'above'
            -- a rise below the average rise is no fall, and a fall of 0% neither
            when falls.feature_name is not null and averaged.feature_value >= 0.995 then 'above'
            else 'below'
        end as comparison
    from averaged
    left join falls
        on averaged.feature_name = falls.feature_name

)

select * from compared
