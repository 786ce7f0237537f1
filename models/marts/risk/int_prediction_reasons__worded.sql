with reasons as (

    select * from {{ ref('stg_ml__prediction_reasons') }}
    where as_of_date = {{ as_of_date() }} and target = 'churn'

),

phrases as (

    select * from {{ ref('feature_reasons') }}

),

falls as (

    select distinct phrases.feature_name
    from phrases
    where phrases.number_style = 'percent_below'

),

averages as (

    select
        reasons.model_version,
        reasons.feature_name,
        avg(reasons.feature_value) as average_value
    from reasons
    group by reasons.model_version, reasons.feature_name

),

compared as (

    select
        reasons.model_version,
        reasons.account_id,
        reasons.feature_name,
        reasons.contribution,
        reasons.feature_value,
        averages.average_value,
        case
            when reasons.feature_value > averages.average_value then 'above'
            -- what all accounts have is no lack: `yearly term`, not `short terms`
            when reasons.feature_value = averages.average_value and reasons.feature_value > 0
                then 'above'
            -- a rise below the average rise is no fall
            when falls.feature_name is not null and reasons.feature_value >= 1 then 'above'
            else 'below'
        end as comparison
    from reasons
    inner join averages
        on
            reasons.model_version = averages.model_version
            and reasons.feature_name = averages.feature_name
    left join falls
        on reasons.feature_name = falls.feature_name
    where reasons.contribution > 0 and reasons.feature_value is not null

),

worded as (

    select
        compared.model_version,
        compared.account_id,
        compared.feature_name,
        compared.contribution,
        replace(
            replace(phrases.reason, '{value}', {{ phrase_number('compared.feature_value') }}),
            '{average}', {{ phrase_number('compared.average_value') }}
        ) as reason,
        row_number() over (
            partition by compared.model_version, compared.account_id
            order by compared.contribution desc, compared.feature_name asc
        ) as reason_number
    from compared
    inner join phrases
        on
            compared.feature_name = phrases.feature_name
            and compared.comparison = phrases.comparison

)

select * from worded
