with months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

subscription_months as (

    select * from {{ ref('int_subscription_months__stated') }}

),

plans as (

    select
        plan_versions.plan_id,
        plan_versions.plan_name,
        row_number() over (
            partition by plan_versions.plan_id
            order by plan_versions.changed_at desc, plan_versions.known_at desc
        ) as recency
    from {{ ref('stg_master_records__plan_versions') }} as plan_versions

),

ranked as (

    select
        subscription_months.*,
        row_number() over (
            partition by subscription_months.account_id, subscription_months.month_start_date
            order by subscription_months.mrr_cents desc, subscription_months.subscription_id asc
        ) as size_rank
    from subscription_months

),

paid_months as (

    select
        ranked.account_id,
        ranked.month_start_date,
        sum(ranked.mrr_cents) as mrr_cents,
        sum(ranked.held_mrr_cents) as held_mrr_cents,
        sum(ranked.seat_count) as seat_count,
        max(case when ranked.size_rank = 1 then ranked.plan_id end) as plan_id
    from ranked
    group by ranked.account_id, ranked.month_start_date

),

followed as (

    select
        paid_months.*,
        lead(paid_months.month_start_date) over (
            partition by paid_months.account_id
            order by paid_months.month_start_date
        ) as next_paid_month_date,
        min(paid_months.month_start_date) over (
            partition by paid_months.account_id
        ) as first_paid_month_date
    from paid_months

),

-- a month without paid service remembers the last one that had it
filled as (

    select
        followed.account_id,
        months.period_start_date as month_start_date,
        followed.first_paid_month_date,
        case
            when months.period_start_date = followed.month_start_date then followed.mrr_cents
            else 0
        end as mrr_cents,
        case
            when months.period_start_date = followed.month_start_date
                then followed.held_mrr_cents
            else 0
        end as held_mrr_cents,
        case
            when months.period_start_date = followed.month_start_date then followed.seat_count
            else 0
        end as seat_count,
        followed.mrr_cents as last_paid_mrr_cents,
        coalesce(plans.plan_name, followed.plan_id) as last_paid_plan
    from followed
    inner join months
        on
            followed.month_start_date <= months.period_start_date
            and coalesce(followed.next_paid_month_date, cast('9999-01-01' as date))
            > months.period_start_date
    left join plans
        on followed.plan_id = plans.plan_id and plans.recency = 1

)

select * from filled
