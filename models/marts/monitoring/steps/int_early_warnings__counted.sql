with warnings as (

    select * from {{ ref('fct_churn_warnings') }}

),

counted as (

    select
        'early_warning' as rate_name,
        sum(warnings.warned_count) as hits,
        sum(warnings.churn_count) as trials
    from warnings

)

select * from counted
