with periods as (

    select * from {{ ref('int_periods__completed') }}

),

mrr_months as (

    select * from {{ ref('int_account_mrr_months__summed') }}

),

churns as (

    select * from {{ ref('int_account_churns__dated') }}

),

-- the cohort is closed at the period's start: who paid on the day before it
started as (

    select
        periods.*,
        mrr_months.account_id,
        mrr_months.mrr_cents as start_mrr_cents
    from periods
    inner join mrr_months
        on
            mrr_months.month_start_date
            = {{ month_start(add_days('periods.period_start_date', -1)) }}
            and mrr_months.mrr_cents > 0
            -- what nobody could read enters no rate
            and coalesce(mrr_months.held_mrr_cents, 0) = 0

),

churned as (

    select distinct
        started.account_id,
        started.grain,
        started.period_start_date
    from started
    inner join churns
        on
            started.account_id = churns.account_id
            and churns.churn_date >= started.period_start_date
            and churns.churn_date < started.period_end_date

),

compared as (

    select
        started.grain,
        started.account_id,
        started.period_start_date,
        started.period_end_date,
        started.last_month_start_date,
        started.start_mrr_cents,
        ended.mrr_cents as end_mrr_cents,
        least(started.start_mrr_cents, ended.mrr_cents) as retained_mrr_cents,
        churned.account_id is not null as is_churned,
        {{ add_days('started.period_end_date', var('churn_gap_days')) }} <= {{ as_of_date() }}
            as is_settled
    from started
    inner join mrr_months as ended
        on
            started.account_id = ended.account_id
            and started.last_month_start_date = ended.month_start_date
            and coalesce(ended.held_mrr_cents, 0) = 0
    left join churned
        on
            started.account_id = churned.account_id
            and started.grain = churned.grain
            and started.period_start_date = churned.period_start_date

)

select * from compared
