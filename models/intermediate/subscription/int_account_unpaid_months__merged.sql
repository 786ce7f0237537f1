with mrr_months as (

    select * from {{ ref('int_account_mrr_months__summed') }}

),

spells as (

    select * from {{ ref('int_account_paid_spells__merged') }}

),

churns as (

    select * from {{ ref('int_account_churns__dated') }}

),

paid_months as (

    select
        mrr_months.account_id,
        {{ next_month_start('mrr_months.month_start_date') }} as next_month_date,
        lead(mrr_months.month_start_date) over (
            partition by mrr_months.account_id
            order by mrr_months.month_start_date
        ) as return_month_date
    from mrr_months
    where mrr_months.mrr_cents > 0

),

unpaid as (

    select
        paid_months.account_id,
        paid_months.next_month_date as churn_month_date,
        paid_months.return_month_date,
        -- the state at the month's end: of its last day
        {{ add_days(next_month_start('paid_months.next_month_date'), -1) }} as unpaid_from_date,
        coalesce(paid_months.return_month_date, {{ as_of_date() }}) as unpaid_until_date
    from paid_months
    where
        paid_months.return_month_date > paid_months.next_month_date
        or (
            paid_months.return_month_date is null
            and {{ next_month_start('paid_months.next_month_date') }} <= {{ as_of_date() }}
        )

),

last_spells as (

    select
        spells.account_id,
        max(spells.paid_from_date) as paid_from_date
    from spells
    group by spells.account_id

),

churned as (

    select
        unpaid.account_id,
        unpaid.churn_month_date,
        count(churns.account_id) as churn_count
    from unpaid
    left join churns
        on
            unpaid.account_id = churns.account_id
            and unpaid.unpaid_until_date > churns.churn_date
            and unpaid.unpaid_from_date < coalesce(churns.returned_date, {{ as_of_date() }})
    group by unpaid.account_id, unpaid.churn_month_date

),

merged as (

    select
        unpaid.account_id,
        unpaid.churn_month_date,
        unpaid.return_month_date,
        churned.churn_count = 0
        and last_spells.paid_from_date > unpaid.unpaid_from_date as is_late_renewal
    from unpaid
    inner join churned
        on
            unpaid.account_id = churned.account_id
            and unpaid.churn_month_date = churned.churn_month_date
    inner join last_spells
        on unpaid.account_id = last_spells.account_id

)

select * from merged
