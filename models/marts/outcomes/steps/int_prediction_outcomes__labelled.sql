with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where is_weekly_cohort and matured_date <= {{ as_of_date() }}

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}

),

labels as (

    select * from {{ ref('int_account_labels__ranged') }}

),

cohorts as (

    select
        nights.target,
        nights.model_version,
        nights.label_name,
        nights.week_start_date,
        nights.as_of_date,
        predictions.account_id,
        predictions.probability
    from nights
    inner join predictions
        on
            nights.target = predictions.target
            and nights.as_of_date = predictions.as_of_date

),

labelled as (

    select
        cohorts.target,
        cohorts.model_version,
        cohorts.week_start_date,
        cohorts.as_of_date,
        cohorts.account_id,
        cohorts.probability,
        {{ label_by_name('cohorts.label_name', 'labels') }} as is_positive
    from cohorts
    left join labels
        on
            cohorts.label_name = labels.label_name
            and cohorts.account_id = labels.account_id
            and cohorts.as_of_date >= labels.from_date
            and cohorts.as_of_date < labels.until_date
    group by
        cohorts.target, cohorts.model_version, cohorts.week_start_date, cohorts.as_of_date,
        cohorts.label_name, cohorts.account_id, cohorts.probability

)

select * from labelled
where labelled.is_positive is not null
