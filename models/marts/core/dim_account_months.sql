with months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

account_starts as (

    select * from {{ ref('int_account_starts__dated') }}

),

attributes as (

    select * from {{ ref('int_account_attributes__ranged') }}

),

mrr_months as (

    select * from {{ ref('int_account_mrr_months__summed') }}

),

segments as (

    select
        account_segments.segment,
        account_segments.min_mrr_usd,
        lead(account_segments.min_mrr_usd) over (
            order by account_segments.min_mrr_usd
        ) as next_min_mrr_usd
    from {{ ref('account_segments') }} as account_segments

),

spined as (

    select
        account_starts.account_id,
        months.period_start_date as month_start_date,
        cast(months.period_end_date as timestamp) as month_end_at
    from account_starts
    inner join months
        on account_starts.first_date < months.period_end_date

),

described as (

    select
        {{ account_month_id('spined.account_id', 'spined.month_start_date') }}
            as account_month_id,
        spined.account_id,
        spined.month_start_date,
        -- subscriptions that no account is known for have nothing in common
        case when spined.account_id <> 'unassigned' then mrr_months.last_paid_plan end as plan,
        case when spined.account_id <> 'unassigned' then segments.segment end as segment,
        attributes.industry,
        attributes.country,
        attributes.owner,
        case
            when spined.account_id <> 'unassigned'
                then substring(cast(mrr_months.first_paid_month_date as varchar(10)), 1, 7)
        end as signup_cohort,
        coalesce(mrr_months.mrr_cents, 0) > 0 as is_paying
    from spined
    left join attributes
        on
            spined.account_id = attributes.account_id
            and spined.month_end_at > attributes.valid_from_at
            and spined.month_end_at <= attributes.valid_until_at
    left join mrr_months
        on
            spined.account_id = mrr_months.account_id
            and spined.month_start_date = mrr_months.month_start_date
    left join segments
        on
            mrr_months.last_paid_mrr_cents / 100.0 >= segments.min_mrr_usd
            and (
                mrr_months.last_paid_mrr_cents / 100.0 < segments.next_min_mrr_usd
                or segments.next_min_mrr_usd is null
            )

),

final as (

    select
        described.account_month_id,
        described.account_id,
        described.month_start_date,
        coalesce(described.plan, 'unassigned') as plan,
        coalesce(described.segment, 'unassigned') as segment,
        coalesce(described.industry, 'unassigned') as industry,
        coalesce(described.country, 'unassigned') as country,
        coalesce(described.owner, 'unassigned') as owner,
        coalesce(described.signup_cohort, 'unassigned') as signup_cohort,
        described.is_paying,
        {{ add_days(
            next_month_start('described.month_start_date'), var('churn_gap_days')
        ) }} <= {{ as_of_date() }} as is_settled
    from described

)

select {{ contract_columns('final') }}
from final
