with reasons as (

    select * from {{ ref('stg_ml__prediction_reasons') }}
    where as_of_date = {{ as_of_date() }} and target = 'churn'

),

feature_groups as (

    select * from {{ ref('feature_groups') }}

),

falls as (

    select distinct phrases.feature_name
    from {{ ref('feature_reasons') }} as phrases
    where phrases.value_style = 'percent_below'

),

-- decimals: sums that do not depend on the order of the rows
rounded as (

    select
        reasons.run_id,
        reasons.model_version,
        reasons.as_of_date,
        reasons.account_id,
        reasons.feature_name,
        cast(reasons.contribution as decimal(18, 12)) as contribution,
        cast(reasons.feature_value as decimal(28, 6)) as feature_value
    from reasons

),

averages as (

    select
        rounded.model_version,
        rounded.feature_name,
        sum(rounded.feature_value) / nullif(count(rounded.feature_value), 0) as average_value
    from rounded
    group by rounded.model_version, rounded.feature_name

),

compared as (

    select
        rounded.run_id,
        rounded.model_version,
        rounded.as_of_date,
        rounded.account_id,
        coalesce(feature_groups.reason_group, rounded.feature_name) as reason_group,
        coalesce(feature_groups.comes_last, false) as comes_last,
        rounded.feature_name,
        rounded.contribution,
        rounded.feature_value,
        averages.average_value,
        case
            when rounded.feature_value is null then null
            when rounded.feature_value > averages.average_value then 'above'
            -- what all accounts have is no lack: `key contacts stay`, not `lost one`
            when rounded.feature_value = averages.average_value and rounded.feature_value > 0
                then 'above'
            -- a rise below the average rise is no fall, and a fall of 0% neither
            when falls.feature_name is not null and rounded.feature_value >= 0.995 then 'above'
            else 'below'
        end as comparison
    from rounded
    inner join averages
        on
            rounded.model_version = averages.model_version
            and rounded.feature_name = averages.feature_name
    left join falls
        on rounded.feature_name = falls.feature_name
    left join feature_groups
        on rounded.feature_name = feature_groups.feature_name

)

select * from compared
