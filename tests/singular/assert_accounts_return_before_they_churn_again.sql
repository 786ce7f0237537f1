-- Between two churns of an account lies a return; each gap is longer than the churn gap.
with ordered as (

    select
        churns.*,
        lead(churns.churn_date) over (
            partition by churns.account_id
            order by churns.churn_date
        ) as next_churn_date
    from {{ ref('fct_account_churns') }} as churns

)

select *
from ordered
where
    {{ days_between(
        'ordered.churn_date', 'coalesce(ordered.returned_date, ' ~ as_of_date() ~ ')'
    ) }} <= {{ var('churn_gap_days') }}
    or (
        ordered.next_churn_date is not null
        and (ordered.returned_date is null or ordered.next_churn_date <= ordered.returned_date)
    )
