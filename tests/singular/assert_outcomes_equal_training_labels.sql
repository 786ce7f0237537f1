-- What the nights are judged by is what the models learn from, wherever both know it.
with outcomes as (

    select * from {{ ref('fct_prediction_outcomes') }}

),

model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

examples as (

    select * from {{ ref('feat_training_examples') }}

),

compared as (

    select
        outcomes.target,
        outcomes.as_of_date,
        outcomes.account_id,
        outcomes.is_positive,
        case model_runs.label_name
            {%- for name in declared_labels() %}
            when '{{ name }}' then examples.{{ name }}
            {%- endfor %}
        end as label
    from outcomes
    inner join model_runs
        on outcomes.model_version = model_runs.model_version
    inner join examples
        on
            outcomes.account_id = examples.account_id
            and outcomes.as_of_date = examples.as_of_date

)

select * from compared
where compared.label is null or compared.label <> compared.is_positive
