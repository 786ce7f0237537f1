with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where is_weekly_cohort and matured_date <= {{ as_of_date() }}

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}

),

churns as (

    select * from {{ ref('fct_account_churns') }}

),

vendor_churns as (

    select * from {{ ref('stg_subscription__vendor_churn_events') }}

),

mrr_rises as (

    select * from {{ ref('int_account_mrr_rises__dated') }}

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

days as (

    select distinct
        cohorts.account_id,
        cohorts.as_of_date
    from cohorts

),

churn_outcomes as (

    select
        days.account_id,
        days.as_of_date,
        -- an end that was known late: the account seemed to pay, and had churned
        max(case when churns.churn_date < days.as_of_date then 1 else 0 end) as had_churned,
        max(case when churns.churn_date >= days.as_of_date then 1 else 0 end) as has_churned
    from days
    inner join churns
        on
            days.account_id = churns.account_id
            and churns.churn_date < {{ add_days('days.as_of_date', var('label_horizon_days')) }}
            and coalesce(churns.returned_date, cast('9999-01-01' as date)) >= days.as_of_date
    group by days.account_id, days.as_of_date

),

vendor_outcomes as (

    select distinct
        days.account_id,
        days.as_of_date
    from days
    inner join vendor_churns
        on
            days.account_id = vendor_churns.account_id
            and cast(vendor_churns.churned_at as date) >= days.as_of_date
            and cast(vendor_churns.churned_at as date)
            < {{ add_days('days.as_of_date', var('label_horizon_days')) }}

),

labelled as (

    select
        cohorts.target,
        cohorts.model_version,
        cohorts.week_start_date,
        cohorts.as_of_date,
        cohorts.account_id,
        cohorts.probability,
        case
            when cohorts.label_name <> 'converted_within_30d' and churn_outcomes.had_churned = 1
                then null
            when cohorts.label_name = 'churned_within_60d'
                then coalesce(churn_outcomes.has_churned, 0)
            when cohorts.label_name = 'vendor_churned_within_60d'
                then case when vendor_outcomes.account_id is not null then 1 else 0 end
            when cohorts.label_name = 'expanded_within_90d' and mrr_rises.mrr_cents > 0
                then
                    case
                        when
                            mrr_rises.risen_date < {{ add_days(
                                'cohorts.as_of_date', var('expansion_horizon_days')
                            ) }} then 1
                        else 0
                    end
            when
                cohorts.label_name = 'converted_within_30d'
                and coalesce(mrr_rises.mrr_cents, 0) = 0
                then
                    case
                        when
                            mrr_rises.risen_date < {{ add_days(
                                'cohorts.as_of_date', var('conversion_horizon_days')
                            ) }} then 1
                        else 0
                    end
        end as is_positive
    from cohorts
    left join churn_outcomes
        on
            cohorts.account_id = churn_outcomes.account_id
            and cohorts.as_of_date = churn_outcomes.as_of_date
    left join vendor_outcomes
        on
            cohorts.account_id = vendor_outcomes.account_id
            and cohorts.as_of_date = vendor_outcomes.as_of_date
    -- what was truly paid on the day before
    left join mrr_rises
        on
            cohorts.account_id = mrr_rises.account_id
            and {{ add_days('cohorts.as_of_date', -1) }} >= mrr_rises.from_date
            and {{ add_days('cohorts.as_of_date', -1) }} < mrr_rises.until_date

)

select * from labelled
where labelled.is_positive is not null
