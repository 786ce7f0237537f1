with priced as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

dated as (

    select
        priced.*,
        least(
            coalesce(priced.ended_date, cast('9999-01-01' as date)),
            coalesce(priced.cancel_date, cast('9999-01-01' as date)),
            case
                when priced.status = 'past_due'
                    then {{ add_days('priced.state_changed_at', var('past_due_grace_days')) }}
                else cast('9999-01-01' as date)
            end
        ) as told_until_date
    from priced

),

stated as (

    select
        dated.*,
        case
            when not dated.has_state then 'unknown'
            when
                dated.is_deleted
                or (
                    dated.is_paused
                    and (
                        dated.resumes_date is null
                        or dated.stretch_from_date < dated.resumes_date
                    )
                )
                -- what was over by then does not go on
                or (dated.is_held and dated.told_until_date <= cast(dated.put_aside_at as date))
                then 'none'
            when
                dated.status = 'trialing'
                and (
                    dated.trial_ended_date is null
                    or dated.stretch_from_date < dated.trial_ended_date
                )
                then 'trial'
            when dated.status = 'trialing' and dated.will_trial_end_unpaid then 'none'
            when dated.status in ('trialing', 'active', 'past_due') and dated.mrr_cents > 0
                then 'paid'
            else 'none'
        end as service
    from dated

),

numbered as (

    select
        stated.*,
        row_number() over (
            partition by stated.subscription_id
            order by stated.changed_at, stated.known_at, stated.stretch_from_date
        ) as stretch_number,
        -- what ends service within a day's last minute ends it with the day
        case
            when stated.service = 'none' then {{ end_date('stated.changed_at') }}
            else cast(stated.changed_at as date)
        end as changed_date,
        min(stated.changed_at) over (
            partition by stated.subscription_id
            order by stated.known_at, stated.changed_at
            range between unbounded preceding and current row
        ) as oldest_known_change_at
    from stated

),

effective as (

    select
        numbered.*,
        -- nothing older was on record when it became known, so it holds from the start (D005)
        case
            when numbered.changed_at = numbered.oldest_known_change_at
                then least(
                    numbered.changed_date,
                    coalesce(
                        numbered.trial_started_date, numbered.started_date, numbered.changed_date
                    ),
                    coalesce(numbered.started_date, numbered.changed_date)
                )
            else numbered.changed_date
        end as version_effective_date
    from numbered

),

served as (

    select
        effective.subscription_id,
        effective.account_id,
        effective.version_number,
        effective.stretch_number,
        effective.changed_at,
        effective.known_at,
        effective.changed_date,
        effective.stretch_from_date,
        effective.stretch_until_date,
        greatest(effective.version_effective_date, effective.stretch_from_date) as effective_date,
        effective.version_effective_date,
        effective.is_deleted,
        effective.is_held,
        cast(effective.put_aside_at as date) as put_aside_date,
        effective.started_date,
        case when not effective.is_held then effective.ended_date end as ended_date,
        coalesce(effective.status = 'past_due', false) as is_past_due,
        effective.mrr_cents,
        effective.seat_count,
        effective.plan_id,
        effective.billing_months,
        effective.period_started_date as term_started_date,
        effective.term_end_date,
        effective.service,
        case
            when effective.service = 'trial'
                then greatest(effective.version_effective_date, effective.stretch_from_date)
            else greatest(
                effective.version_effective_date, effective.stretch_from_date,
                coalesce(effective.started_date, effective.version_effective_date)
            )
        end as service_from_date,
        -- what is held goes on until a readable version comes (D024)
        case
            when effective.is_held then cast('9999-01-01' as date)
            else effective.told_until_date
        end as service_until_date
    from effective

)

select * from served
