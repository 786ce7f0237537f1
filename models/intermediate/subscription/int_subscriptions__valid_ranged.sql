with served as (

    select * from {{ ref('int_subscription_versions__served') }}

),

-- the latest word on each moment of change
corrected as (

    select
        served.*,
        row_number() over (
            partition by served.subscription_id, served.changed_at
            order by served.known_at desc
        ) as recency,
        max(case when served.is_deleted then 1 else 0 end) over (
            partition by served.subscription_id
        ) as was_deleted
    from served

),

-- by now only the oldest change holds from the start, whatever was known when it arrived
placed as (

    select
        corrected.*,
        case
            when row_number() over (
                partition by corrected.subscription_id
                order by corrected.version_number
            ) = 1 then corrected.effective_date
            else cast(corrected.changed_at as date)
        end as holds_from_date
    from corrected
    where corrected.recency = 1 and corrected.was_deleted = 0

),

followed as (

    select
        placed.*,
        lead(placed.holds_from_date) over (
            partition by placed.subscription_id
            order by placed.version_number
        ) as next_effective_date,
        last_value(placed.ended_date) over (
            partition by placed.subscription_id
            order by placed.version_number
            rows between unbounded preceding and unbounded following
        ) as final_ended_date
    from placed

),

ranged as (

    select
        followed.subscription_id,
        followed.account_id,
        followed.version_number,
        followed.service,
        followed.is_past_due,
        -- service does not begin before the subscription, save for its trial
        case
            when followed.service = 'trial' then followed.holds_from_date
            else greatest(followed.holds_from_date, followed.started_date)
        end as valid_from_date,
        least(
            followed.service_until_date,
            coalesce(followed.next_effective_date, cast('9999-01-01' as date)),
            coalesce(followed.final_ended_date, cast('9999-01-01' as date))
        ) as valid_until_date,
        followed.mrr_cents,
        followed.seat_count,
        followed.plan_id,
        followed.billing_months,
        followed.term_end_date
    from followed
    where followed.service <> 'none'

)

select * from ranged
where ranged.valid_from_date < ranged.valid_until_date
