with priced as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

numbered as (

    select
        priced.*,
        row_number() over (
            partition by priced.subscription_id
            order by priced.changed_at, priced.known_at
        ) as version_number,
        min(priced.changed_at) over (
            partition by priced.subscription_id
            order by priced.known_at, priced.changed_at
            rows between unbounded preceding and current row
        ) as oldest_known_change_at
    from priced

),

dated as (

    select
        numbered.*,
        -- nothing older was on record when it became known, so it holds from the start
        case
            when numbered.changed_at = numbered.oldest_known_change_at
                then least(
                    cast(numbered.changed_at as date),
                    coalesce(numbered.trial_started_date, numbered.started_date),
                    numbered.started_date
                )
            else cast(numbered.changed_at as date)
        end as effective_date
    from numbered

),

served as (

    select
        dated.subscription_id,
        dated.account_id,
        dated.version_number,
        dated.changed_at,
        dated.known_at,
        dated.effective_date,
        dated.is_deleted,
        dated.started_date,
        dated.ended_date,
        dated.status = 'past_due' as is_past_due,
        dated.mrr_cents,
        dated.seat_count,
        dated.plan_id,
        dated.billing_months,
        dated.period_started_date as term_started_date,
        dated.term_end_date,
        case
            when dated.is_deleted or dated.is_paused or dated.mrr_cents is null then 'none'
            when dated.status in ('active', 'past_due') and dated.mrr_cents > 0 then 'paid'
            when dated.status = 'trialing' then 'trial'
            else 'none'
        end as service,
        case
            when dated.status = 'trialing' then dated.effective_date
            else greatest(dated.effective_date, dated.started_date)
        end as service_from_date,
        least(
            coalesce(dated.ended_date, cast('9999-01-01' as date)),
            case
                when dated.status = 'trialing'
                    then coalesce(dated.trial_ended_date, cast('9999-01-01' as date))
                when dated.status = 'past_due'
                    then {{ add_days('dated.changed_at', var('past_due_grace_days')) }}
                else cast('9999-01-01' as date)
            end
        ) as service_until_date
    from dated

)

select * from served
