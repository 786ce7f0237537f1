with account_users as (

    select * from {{ ref('int_account_users__ranged') }}

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

active as (

    select * from {{ ref('int_user_months__windowed') }}
    where active_days_30d > 0

),

-- on file over the month's last day; several memberships of one account are one user
on_file as (

    select distinct
        account_users.account_id,
        account_users.user_id,
        months.period_start_date as month_start_date
    from account_users
    inner join months
        on
            account_users.from_date < months.period_end_date
            and account_users.until_date >= months.period_end_date

),

counted as (

    select
        on_file.account_id,
        on_file.month_start_date,
        sum(case when active.user_id is null then 1 else 0 end) as dormant_users
    from on_file
    left join active
        on
            on_file.account_id = active.account_id
            and on_file.user_id = active.user_id
            and on_file.month_start_date = active.month_start_date
    group by on_file.account_id, on_file.month_start_date

)

select * from counted
