with account_months as (

    select * from {{ ref('dim_account_months') }}

),

counted as (

    select * from {{ ref('int_account_months__engagement_counted') }}

),

-- what belongs to no account of that month stays in the sum, under 'unassigned'
keyed as (

    select
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        ) as account_month_id,
        sum(counted.meetings_due_count) as meetings_due_count,
        sum(counted.meetings_held_count) as meetings_held_count,
        sum(counted.key_contacts_lost_90d) as key_contacts_lost_90d
    from counted
    left join account_months
        on
            counted.account_id = account_months.account_id
            and counted.month_start_date = account_months.month_start_date
    group by
        coalesce(
            account_months.account_month_id,
            {{ account_month_id("'unassigned'", 'counted.month_start_date') }}
        )

),

final as (

    select
        account_months.account_month_id,
        account_months.account_id,
        account_months.month_start_date,
        coalesce(keyed.meetings_due_count, 0) as meetings_due_count,
        coalesce(keyed.meetings_held_count, 0) as meetings_held_count,
        case
            when account_months.is_paying and account_months.account_id <> 'unassigned' then 1
            else 0
        end as account_count,
        case
            when
                account_months.is_paying
                and account_months.account_id <> 'unassigned'
                and coalesce(keyed.key_contacts_lost_90d, 0) = 0 then 1
            else 0
        end as stable_champion_count
    from account_months
    left join keyed
        on account_months.account_month_id = keyed.account_month_id

)

select {{ contract_columns('final') }}
from final
