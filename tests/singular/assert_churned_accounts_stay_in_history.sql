-- No survivors' history, counted from the churns themselves: who paid on a date is an example of
-- that date unless he had churned already, whatever became of him later; and who churned keeps
-- his rows in the months that follow.
with survivorship as (

    select * from {{ ref('rpt_survivorship') }}

),

last_month as (

    select account_months.account_id
    from {{ ref('dim_account_months') }} as account_months
    where account_months.month_start_date
        = {{ month_start(add_days(month_start(as_of_date()), -1)) }}

),

gone as (

    select distinct churns.account_id
    from {{ ref('fct_account_churns') }} as churns
    left join last_month
        on churns.account_id = last_month.account_id
    where
        last_month.account_id is null
        and churns.churn_date < {{ month_start(as_of_date()) }}

)

select cast(survivorship.example_date as varchar(10)) as place
from survivorship
where
    survivorship.example_count
    <> survivorship.paying_account_count - survivorship.churned_before_count
    or survivorship.churned_later_example_count <> survivorship.churned_later_count
union all
select gone.account_id as place
from gone
