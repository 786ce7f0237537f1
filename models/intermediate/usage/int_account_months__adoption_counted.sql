with category_months as (

    select * from {{ ref('int_category_months__counted') }}

),

mrr_months as (

    select * from {{ ref('int_account_mrr_months__summed') }}
    where mrr_cents > 0

),

entitlements as (

    select * from {{ ref('plan_entitlements') }}

),

used as (

    select
        category_months.account_id,
        category_months.month_start_date,
        count(*) as feature_categories_30d
    from category_months
    group by category_months.account_id, category_months.month_start_date

),

-- entitled by the plan that is paid at the month's end
entitled as (

    select
        mrr_months.account_id,
        mrr_months.month_start_date,
        count(*) as entitled_categories,
        sum(
            case
                when category_months.event_count_30d >= 5 and category_months.user_count_30d >= 2
                    then 1
                else 0
            end
        ) as deep_categories
    from mrr_months
    inner join entitlements
        on mrr_months.last_paid_plan = entitlements.plan_name
    left join category_months
        on
            mrr_months.account_id = category_months.account_id
            and mrr_months.month_start_date = category_months.month_start_date
            and entitlements.feature_category = category_months.feature_category
    group by mrr_months.account_id, mrr_months.month_start_date

),

months as (

    select
        used.account_id,
        used.month_start_date
    from used
    union
    select
        entitled.account_id,
        entitled.month_start_date
    from entitled

)

select
    months.account_id,
    months.month_start_date,
    coalesce(used.feature_categories_30d, 0) as feature_categories_30d,
    coalesce(entitled.entitled_categories, 0) as entitled_categories,
    coalesce(entitled.deep_categories, 0) as deep_categories
from months
left join used
    on
        months.account_id = used.account_id
        and months.month_start_date = used.month_start_date
left join entitled
    on
        months.account_id = entitled.account_id
        and months.month_start_date = entitled.month_start_date
