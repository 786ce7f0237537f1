with account_months as (

    select * from {{ ref('dim_account_months') }}

),

tasks as (

    select
        task_versions.*,
        row_number() over (
            partition by task_versions.task_id
            order by task_versions.changed_at desc, task_versions.known_at desc
        ) as recency
    from {{ ref('int_meeting_versions__mapped') }} as task_versions

),

changes as (

    select * from {{ ref('int_key_contact_changes__mapped') }}
    where change_type = 'left'

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

counted_by_kind as (

    select
        coalesce(tasks.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        1 as meetings_due_count,
        case when tasks.status = 'held' then 1 else 0 end as meetings_held_count,
        0 as key_contacts_lost_90d
    from tasks
    inner join months
        on
            tasks.activity_date >= months.period_start_date
            and tasks.activity_date < months.period_end_date
    where
        tasks.recency = 1
        and not tasks.is_deleted
        -- a cancelled meeting was not due, and one without an outcome has not shown yet
        and tasks.status in ('held', 'missed')
    union all
    select
        coalesce(changes.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        0 as meetings_due_count,
        0 as meetings_held_count,
        1 as key_contacts_lost_90d
    from changes
    inner join months
        on
            cast(changes.changed_at as date) < months.period_end_date
            and cast(changes.changed_at as date)
            >= {{ add_days('months.period_end_date', -90) }}

),

counted as (

    select
        counted_by_kind.account_id,
        counted_by_kind.month_start_date,
        sum(counted_by_kind.meetings_due_count) as meetings_due_count,
        sum(counted_by_kind.meetings_held_count) as meetings_held_count,
        sum(counted_by_kind.key_contacts_lost_90d) as key_contacts_lost_90d
    from counted_by_kind
    group by counted_by_kind.account_id, counted_by_kind.month_start_date

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
