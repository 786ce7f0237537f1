with spells as (

    select * from {{ ref('int_account_paid_spells__merged') }}

),

churned as (

    select
        spells.account_id,
        spells.paid_until_date as churn_date,
        spells.returned_date
    from spells
    where
        {{ days_between(
            'spells.paid_until_date', 'coalesce(spells.returned_date, ' ~ as_of_date() ~ ')'
        ) }} > {{ var('churn_gap_days') }}

)

select * from churned
