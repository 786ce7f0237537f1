with steps as (

    select
        step_versions.*,
        max(step_versions.changed_at) over (
            partition by step_versions.step_id
            order by step_versions.known_at, step_versions.changed_at
            rows between unbounded preceding and 1 preceding
        ) as newest_change_before
    from {{ ref('stg_preparedness__onboarding_step_versions') }} as step_versions
    where step_versions.due_date is not null

),

statuses as (

    select * from {{ ref('reported_values') }}
    where field = 'enrolment_status'

),

enrolments as (

    select
        enrolment_versions.enrolment_id,
        enrolment_versions.account_id,
        enrolment_versions.invited_at,
        enrolment_versions.known_at,
        statuses.value as status,
        row_number() over (
            partition by enrolment_versions.enrolment_id
            order by
                cast(enrolment_versions.known_at as date),
                enrolment_versions.changed_at,
                enrolment_versions.known_at
        ) as version_number
    from {{ ref('stg_preparedness__course_enrolment_versions') }} as enrolment_versions
    left join statuses
        on enrolment_versions.status = statuses.reported_value
    -- what nobody mapped is put aside and counted (rule reported_value_unmapped)
    where enrolment_versions.status is null or statuses.value is not null

),

step_states as (

    select
        steps.account_id,
        cast(steps.created_at as date) as created_date,
        steps.completed_at is not null as is_done,
        greatest(
            {{ add_days('steps.known_at', 1) }}, {{ add_days('steps.due_date', 1) }}
        ) as as_of_from_date,
        coalesce(
            lead({{ add_days('steps.known_at', 1) }}) over (
                partition by steps.step_id
                order by steps.known_at, steps.changed_at
            ),
            cast('9999-01-01' as date)
        ) as as_of_until_date
    from steps
    -- a version that arrives after a newer one never becomes the state
    where
        steps.newest_change_before is null
        or steps.changed_at >= steps.newest_change_before

),

-- an invitation stays what its first version says: a later one would rewrite the past
invitations as (

    select
        enrolments.enrolment_id,
        max(case when enrolments.version_number = 1 then enrolments.account_id end)
            as account_id,
        max(case when enrolments.version_number = 1 then enrolments.invited_at end)
            as invited_at,
        min(enrolments.known_at) as invitation_known_at,
        min(case when enrolments.status = 'attended' then enrolments.known_at end)
            as attendance_known_at
    from enrolments
    group by enrolments.enrolment_id

),

measured as (

    select
        step_states.account_id,
        'onboarding_steps_due' as measure,
        step_states.created_date as happened_date,
        step_states.as_of_from_date as effective_from_date,
        step_states.as_of_until_date as effective_until_date,
        1.0 as amount
    from step_states
    union all
    select
        step_states.account_id,
        'onboarding_steps_done' as measure,
        step_states.created_date as happened_date,
        step_states.as_of_from_date as effective_from_date,
        step_states.as_of_until_date as effective_until_date,
        1.0 as amount
    from step_states
    where step_states.is_done
    union all
    select
        invitations.account_id,
        'trainings_invited_90d' as measure,
        cast(invitations.invited_at as date) as happened_date,
        {{ add_days('invitations.invitation_known_at', 1) }} as effective_from_date,
        {{ add_days('invitations.invited_at', 91) }} as effective_until_date,
        1.0 as amount
    from invitations
    union all
    select
        invitations.account_id,
        'trainings_attended_90d' as measure,
        cast(invitations.invited_at as date) as happened_date,
        {{ add_days('invitations.attendance_known_at', 1) }} as effective_from_date,
        {{ add_days('invitations.invited_at', 91) }} as effective_until_date,
        1.0 as amount
    from invitations
    where invitations.attendance_known_at is not null

)

select * from measured
