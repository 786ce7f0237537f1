-- No survivors' history: an account that paid on a grid date and churned within the horizon is in
-- the examples, with the label 1; and no example is of an account that had churned.
with features as (

    select
        account_id,
        as_of_date
    from {{ ref('feat_accounts_daily') }}
    where is_paying

),

examples as (

    select
        account_id,
        as_of_date,
        churned_within_60d
    from {{ ref('feat_training_examples') }}
    where is_paying

),

grid as (

    select distinct examples.as_of_date
    from examples
    where
        examples.as_of_date
        <= {{ add_days(as_of_date(), -(var('label_horizon_days') + var('churn_gap_days'))) }}

),

churns as (

    select * from {{ ref('fct_account_churns') }}

),

left_out as (

    select
        features.account_id,
        features.as_of_date
    from features
    inner join grid
        on features.as_of_date = grid.as_of_date
    inner join churns
        on
            features.account_id = churns.account_id
            and churns.churn_date >= features.as_of_date
            and churns.churn_date < {{ add_days('features.as_of_date', var('label_horizon_days')) }}
    left join examples
        on
            features.account_id = examples.account_id
            and features.as_of_date = examples.as_of_date
            and examples.churned_within_60d = 1
    where examples.account_id is null

),

churned_already as (

    select
        examples.account_id,
        examples.as_of_date
    from examples
    inner join churns
        on
            examples.account_id = churns.account_id
            and examples.as_of_date > churns.churn_date
            and (
                churns.returned_date is null or examples.as_of_date <= churns.returned_date
            )

)

select * from left_out
union all
select * from churned_already
