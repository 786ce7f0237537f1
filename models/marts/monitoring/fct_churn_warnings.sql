with worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}

),

nights as (

    select min(worklists.as_of_date) as first_date from worklists

),

churns as (

    select
        churns.account_month_id,
        churns.account_id,
        churns.churn_date
    from {{ ref('fct_account_churns') }} as churns
    inner join nights
        on churns.churn_date >= {{ add_days('nights.first_date', 30) }}
    where churns.established_date <= {{ as_of_date() }}

),

listed as (

    select
        churns.account_id,
        churns.churn_date,
        worklists.as_of_date,
        coalesce(worklists.is_flagged, worklists.is_on_worklist) as is_flagged,
        coalesce(worklists.is_replayed, false) as is_replayed,
        rank() over (
            partition by churns.account_id, churns.churn_date
            order by worklists.life_number desc
        ) as life_rank
    from churns
    inner join worklists
        on
            churns.account_id = worklists.account_id
            and churns.churn_date > worklists.as_of_date

),

-- nights of the life that ended with the churn
dated as (

    select
        listed.*,
        max(case when not listed.is_flagged then listed.as_of_date end) over (
            partition by listed.account_id, listed.churn_date
        ) as last_unlisted_date,
        max(
            case
                when listed.as_of_date <= {{ add_days('listed.churn_date', -30) }}
                    then listed.as_of_date
            end
        ) over (partition by listed.account_id, listed.churn_date) as early_date
    from listed
    where listed.life_rank = 1

),

called as (

    select
        dated.account_id,
        dated.churn_date,
        max(
            case when dated.is_flagged and dated.as_of_date = dated.early_date then 1 else 0 end
        ) as warned_count,
        max(case when dated.as_of_date = dated.early_date and dated.is_replayed then 1 else 0 end)
        = 1 as is_replayed,
        -- the run of flagged nights that stood when the account left (D130)
        min(
            case
                when
                    dated.is_flagged
                    and dated.as_of_date
                    > coalesce(dated.last_unlisted_date, cast('1900-01-01' as date))
                    then dated.as_of_date
            end
        ) as first_flag_date
    from dated
    group by dated.account_id, dated.churn_date

),

final as (

    select
        churns.account_month_id,
        churns.account_id,
        churns.churn_date,
        1 as churn_count,
        coalesce(called.warned_count, 0) as warned_count,
        case when called.first_flag_date is not null then 1 else 0 end as flagged_count,
        called.first_flag_date,
        {{ days_between('called.first_flag_date', 'churns.churn_date') }} as lead_time_days,
        coalesce(called.is_replayed, false) as is_replayed
    from churns
    left join called
        on
            churns.account_id = called.account_id
            and churns.churn_date = called.churn_date

)

select {{ contract_columns('final') }}
from final
