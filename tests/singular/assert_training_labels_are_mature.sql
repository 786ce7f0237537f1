-- A label stands as soon as it can be known, of its population alone, and none a day earlier.
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
    not (is_paying or is_trial)
    {%- for name, label in declared_labels().items() %}
    or {{ name }} not in (0, 1)
    or {{ name }} is not null
    and (not {{ label.population }} or age_days < {{ label.known_after_days }})
    {%- endfor %}
    -- who pays and did not churn unseen (such examples are left out) has a label of churn
    {%- for name in ('churned_within_60d', 'vendor_churned_within_60d') %}
    or {{ name }} is null
    and is_paying and age_days >= {{ declared_labels()[name].known_after_days }}
    {%- endfor %}
