-- A label stands as soon as its horizon (churn: and the gap) has passed, and none a day earlier.
with examples as (

    select
        examples.*,
        {{ days_between('examples.as_of_date', as_of_date()) }} as age_days
    from {{ ref('feat_training_examples') }} as examples

)

select
    account_id,
    as_of_date
from examples
where
    (churned_within_60d is null)
    <> (not is_paying or age_days < {{ var('label_horizon_days') + var('churn_gap_days') }})
    or (vendor_churned_within_60d is null)
    <> (not is_paying or age_days < {{ var('label_horizon_days') }})
    -- an account that truly pays nothing cannot expand, one that truly pays cannot convert
    or expanded_within_90d is not null
    and (not is_paying or age_days < {{ var('expansion_horizon_days') }})
    or converted_within_30d is not null
    and (not is_trial or age_days < {{ var('conversion_horizon_days') }})
    or churned_within_60d not in (0, 1)
    or vendor_churned_within_60d not in (0, 1)
    or expanded_within_90d not in (0, 1)
    or converted_within_30d not in (0, 1)
    or not (is_paying or is_trial)
