{{ config(materialized='view') }}

with churns as (

    select * from {{ ref('int_account_churns__dated') }}

),

held_ranges as (

    select * from {{ ref('int_subscriptions__valid_ranged') }}
    where is_held and account_id is not null

),

doubted as (

    -- an end that was known late: the account seemed to pay, and had churned
    select
        churns.account_id,
        true as is_churned,
        {{ add_days('churns.churn_date', 1) }} as from_date,
        {{ add_days("coalesce(churns.returned_date, cast('9998-01-01' as date))", 1) }}
            as until_date
    from churns
    union all
    -- MRR that is kept while a row of billing cannot be read: nobody knows what becomes of it
    select
        held_ranges.account_id,
        false as is_churned,
        {{ add_days('held_ranges.valid_from_date', -var('expansion_horizon_days')) }} as from_date,
        {{ add_days(
            "least(held_ranges.valid_until_date, cast('9998-01-01' as date))", 1
        ) }} as until_date
    from held_ranges

)

select * from doubted
