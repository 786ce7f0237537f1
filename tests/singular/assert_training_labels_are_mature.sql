-- A label stands as soon as its horizon and the churn gap have passed, and not a day earlier.
select
    account_id,
    as_of_date,
    churned_within_60d
from {{ ref('feat_training_examples') }}
where
    (churned_within_60d is null)
    <> (
        not is_paying
        or {{ days_between('as_of_date', as_of_date()) }}
        < {{ var('label_horizon_days') + var('churn_gap_days') }}
    )
    or churned_within_60d not in (0, 1)
    or not (is_paying or is_trial)
