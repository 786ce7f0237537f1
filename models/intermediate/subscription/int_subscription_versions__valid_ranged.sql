with served as (

    select * from {{ ref('int_subscription_versions__served') }}

),

-- the latest word on each moment of change
corrected as (

    select
        served.*,
        max(served.version_number) over (
            partition by served.subscription_id, served.changed_at
        ) as latest_word_number
    from served

),

ordered as (

    select
        corrected.*,
        dense_rank() over (
            partition by corrected.subscription_id
            order by corrected.changed_at
        ) as change_number,
        dense_rank() over (
            partition by corrected.subscription_id
            order by corrected.changed_at desc
        ) as change_number_from_last,
        lag(corrected.is_past_due) over (
            partition by corrected.subscription_id
            order by corrected.stretch_number
        ) as was_past_due
    from corrected
    where corrected.version_number = corrected.latest_word_number

),

placed as (

    select
        ordered.*,
        -- by now only the oldest change holds from the start, whatever was known when it arrived
        case
            when ordered.change_number = 1 then ordered.version_effective_date
            else ordered.changed_date
        end as version_from_date,
        -- no service goes on after an end that any later version knows of
        min(ordered.ended_date) over (
            partition by ordered.subscription_id
            order by ordered.stretch_number
            rows between current row and unbounded following
        ) as last_known_end_date,
        -- a further version while past due does not start the grace again
        max(
            case
                when ordered.is_past_due and not coalesce(ordered.was_past_due, false)
                    then ordered.changed_at
            end
        ) over (
            partition by ordered.subscription_id
            order by ordered.stretch_number
            rows between unbounded preceding and current row
        ) as past_due_since_at,
        max(
            case
                when ordered.change_number_from_last = 1 and ordered.is_deleted then 1
                else 0
            end
        ) over (partition by ordered.subscription_id) as was_deleted
    from ordered

),

begun as (

    select
        placed.*,
        greatest(placed.version_from_date, placed.stretch_from_date) as holds_from_date
    from placed
    where placed.was_deleted = 0 and placed.stretch_until_date > placed.version_from_date

),

-- what is told ahead gives way to any later version
followed as (

    select
        begun.*,
        min(begun.holds_from_date) over (
            partition by begun.subscription_id
            order by begun.stretch_number
            rows between 1 following and unbounded following
        ) as next_from_date,
        max(
            case when begun.holds_from_date < {{ as_of_date() }} then begun.version_number end
        ) over (partition by begun.subscription_id) as last_version_number,
        {{ add_days('begun.past_due_since_at', var('past_due_grace_days')) }}
            as grace_until_date
    from begun

),

ranged as (

    select
        followed.subscription_id,
        followed.account_id,
        followed.version_number,
        followed.service,
        followed.is_past_due,
        followed.is_held,
        (
            followed.version_number = followed.last_version_number
            and followed.service_until_date = cast('9999-01-01' as date)
            and followed.last_known_end_date is null
        ) as is_last_word,
        -- service does not begin before the subscription, save for its trial
        case
            when followed.service = 'trial' then followed.holds_from_date
            else greatest(
                followed.holds_from_date,
                coalesce(followed.started_date, followed.holds_from_date)
            )
        end as valid_from_date,
        least(
            followed.service_until_date,
            followed.stretch_until_date,
            coalesce(followed.next_from_date, cast('9999-01-01' as date)),
            coalesce(followed.last_known_end_date, cast('9999-01-01' as date)),
            case
                when followed.is_past_due and not followed.is_held
                    then followed.grace_until_date
                else cast('9999-01-01' as date)
            end
        ) as valid_until_date,
        followed.mrr_cents,
        followed.seat_count,
        followed.plan_id,
        followed.billing_months,
        followed.term_end_date
    from followed
    where
        followed.service <> 'none'
        -- what was over by then does not go on
        and not (
            followed.is_past_due
            and followed.is_held
            and followed.grace_until_date <= followed.put_aside_date
        )

)

select * from ranged
where ranged.valid_from_date < ranged.valid_until_date
