with months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

account_months as (

    select * from {{ ref('dim_account_months') }}

),

mrr_months as (

    select * from {{ ref('fct_account_mrr_monthly') }}

),

usage_months as (

    select * from {{ ref('fct_account_usage_monthly') }}

),

bands as (

    select
        adoption_bands.adoption_band,
        adoption_bands.min_features_adopted,
        lead(adoption_bands.min_features_adopted) over (
            order by adoption_bands.min_features_adopted
        ) as next_min_features_adopted
    from {{ ref('adoption_bands') }} as adoption_bands

),

-- the last twelve months whose churns are all certain
settled as (

    select
        max(months.period_end_date) as year_end_date,
        max(months.period_start_date) as last_month_date,
        {{ month_start(add_days(month_start('max(months.period_start_date)'), -320)) }}
            as year_start_date
    from months
    where {{ add_days('months.period_end_date', var('churn_gap_days')) }} <= {{ as_of_date() }}

),

started as (

    select
        settled.*,
        mrr_months.account_id,
        mrr_months.account_month_id,
        mrr_months.mrr_usd as start_mrr_usd
    from settled
    inner join mrr_months
        on
            mrr_months.month_start_date = {{ month_start(add_days('settled.year_start_date', -1)) }}
            and mrr_months.mrr_usd > 0

),

churned as (

    select distinct started.account_id
    from started
    inner join {{ ref('fct_account_churns') }} as churns
        on
            started.account_id = churns.account_id
            and churns.churn_date >= started.year_start_date
            and churns.churn_date < started.year_end_date

),

compared as (

    select
        started.account_id,
        started.year_start_date,
        started.year_end_date,
        account_months.segment,
        coalesce(bands.adoption_band, 'unassigned') as adoption_band,
        started.start_mrr_usd,
        least(started.start_mrr_usd, ended.mrr_usd) as retained_mrr_usd,
        case when churned.account_id is null then 0 else 1 end as churned_account_count
    from started
    inner join account_months
        on started.account_month_id = account_months.account_month_id
    inner join mrr_months as ended
        on
            started.account_id = ended.account_id
            and started.last_month_date = ended.month_start_date
    left join churned
        on started.account_id = churned.account_id
    left join usage_months
        on started.account_month_id = usage_months.account_month_id
    left join bands
        on
            usage_months.feature_categories_30d >= bands.min_features_adopted
            and (
                usage_months.feature_categories_30d < bands.next_min_features_adopted
                or bands.next_min_features_adopted is null
            )

)

select * from compared
