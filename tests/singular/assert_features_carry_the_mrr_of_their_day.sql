-- MRR of a feature row is that of the state in force, whenever the row was built; 0 outside.
with features as (

    select
        account_id,
        as_of_date,
        is_paying,
        mrr
    from {{ ref('feat_accounts_daily') }}

),

states as (

    select * from {{ ref('int_account_states__known_ranged') }}

)

select
    features.account_id,
    features.as_of_date,
    features.mrr,
    states.mrr_cents
from features
left join states
    on
        features.account_id = states.account_id
        and features.as_of_date >= states.as_of_from_date
        and features.as_of_date < states.as_of_until_date
where
    abs(features.mrr * 100 - coalesce(states.mrr_cents, 0)) > 0.001
    or features.is_paying <> (coalesce(states.mrr_cents, 0) > 0)
