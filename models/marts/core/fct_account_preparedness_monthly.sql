with account_months as (

    select * from {{ ref('dim_account_months') }}

),

steps as (

    select
        step_versions.*,
        row_number() over (
            partition by step_versions.step_id
            order by step_versions.changed_at desc, step_versions.known_at desc
        ) as recency
    from {{ ref('stg_preparedness__onboarding_step_versions') }} as step_versions

),

statuses as (

    select * from {{ ref('reported_values') }}
    where field = 'enrolment_status'

),

invitations as (

    select
        enrolments.enrolment_id,
        enrolments.account_id,
        cast(min(enrolments.invited_at) as date) as invited_date,
        cast(
            min(
                case when statuses.value = 'attended'
                        then coalesce(enrolments.attended_at, enrolments.changed_at) end
            ) as date
        ) as attended_date
    from {{ ref('stg_preparedness__course_enrolment_versions') }} as enrolments
    left join statuses
        on enrolments.status = statuses.reported_value
    -- what nobody mapped is put aside and counted (rule reported_value_unmapped)
    where enrolments.status is null or statuses.value is not null
    group by enrolments.enrolment_id, enrolments.account_id

),

months as (

    select * from {{ ref('int_periods__completed') }}
    where grain = 'month'

),

counted_by_kind as (

    select
        coalesce(steps.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        1 as steps_due_count,
        case when cast(steps.completed_at as date) < months.period_end_date then 1 else 0 end
            as steps_done_count,
        0 as invited_count_90d,
        0 as attended_count_90d
    from steps
    inner join months
        on steps.due_date < months.period_end_date
    where steps.recency = 1
    union all
    select
        coalesce(invitations.account_id, 'unassigned') as account_id,
        months.period_start_date as month_start_date,
        0 as steps_due_count,
        0 as steps_done_count,
        1 as invited_count_90d,
        case when invitations.attended_date < months.period_end_date then 1 else 0 end
            as attended_count_90d
    from invitations
    inner join months
        on
            invitations.invited_date < months.period_end_date
            and invitations.invited_date >= {{ add_days('months.period_end_date', -90) }}

),

counted as (

    select
        counted_by_kind.account_id,
        counted_by_kind.month_start_date,
        sum(counted_by_kind.steps_due_count) as steps_due_count,
        sum(counted_by_kind.steps_done_count) as steps_done_count,
        sum(counted_by_kind.invited_count_90d) as invited_count_90d,
        sum(counted_by_kind.attended_count_90d) as attended_count_90d
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
        sum(counted.steps_due_count) as steps_due_count,
        sum(counted.steps_done_count) as steps_done_count,
        sum(counted.invited_count_90d) as invited_count_90d,
        sum(counted.attended_count_90d) as attended_count_90d
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
        coalesce(keyed.steps_due_count, 0) as steps_due_count,
        coalesce(keyed.steps_done_count, 0) as steps_done_count,
        case when account_months.is_paying then coalesce(keyed.steps_due_count, 0) else 0 end
            as paying_steps_due_count,
        case when account_months.is_paying then coalesce(keyed.steps_done_count, 0) else 0 end
            as paying_steps_done_count,
        coalesce(keyed.invited_count_90d, 0) as invited_count_90d,
        coalesce(keyed.attended_count_90d, 0) as attended_count_90d
    from account_months
    left join keyed
        on account_months.account_month_id = keyed.account_month_id

)

select {{ contract_columns('final') }}
from final
