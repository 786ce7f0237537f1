with priced as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

stated as (

    select
        priced.*,
        case
            when not priced.has_state then 'unknown'
            when
                priced.is_deleted
                or (
                    priced.is_paused
                    and (
                        priced.resumes_date is null
                        or priced.stretch_from_date < priced.resumes_date
                    )
                )
                then 'none'
            when
                priced.status = 'trialing'
                and (
                    priced.trial_ended_date is null
                    or priced.stretch_from_date < priced.trial_ended_date
                )
                then 'trial'
            when priced.status = 'trialing' and priced.will_trial_end_unpaid then 'none'
            when priced.status in ('trialing', 'active', 'past_due') and priced.mrr_cents > 0
                then 'paid'
            else 'none'
        end as service
    from priced

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

dated as (

    select
        numbered.*,
        -- nothing older was on record when it became known, so it holds from the start
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
        dated.subscription_id,
        dated.account_id,
        dated.version_number,
        dated.stretch_number,
        dated.changed_at,
        dated.known_at,
        dated.changed_date,
        dated.stretch_from_date,
        dated.stretch_until_date,
        greatest(dated.version_effective_date, dated.stretch_from_date) as effective_date,
        dated.version_effective_date,
        dated.is_deleted,
        dated.is_held,
        dated.started_date,
        case when not dated.is_held then dated.ended_date end as ended_date,
        dated.status = 'past_due' and not dated.is_held as is_past_due,
        dated.mrr_cents,
        dated.seat_count,
        dated.plan_id,
        dated.billing_months,
        dated.period_started_date as term_started_date,
        dated.term_end_date,
        dated.service,
        case
            when dated.service = 'trial'
                then greatest(dated.version_effective_date, dated.stretch_from_date)
            else greatest(
                dated.version_effective_date, dated.stretch_from_date,
                coalesce(dated.started_date, dated.version_effective_date)
            )
        end as service_from_date,
        -- what is held goes on until a readable version comes
        case
            when dated.is_held then cast('9999-01-01' as date)
            else least(
                coalesce(dated.ended_date, cast('9999-01-01' as date)),
                coalesce(dated.cancel_date, cast('9999-01-01' as date)),
                case
                    when dated.status = 'past_due'
                        then {{ add_days('dated.changed_at', var('past_due_grace_days')) }}
                    else cast('9999-01-01' as date)
                end
            )
        end as service_until_date
    from dated

)

select * from served
