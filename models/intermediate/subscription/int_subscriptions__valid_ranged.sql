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

followed as (

    select
        corrected.*,
        lead(corrected.effective_date) over (
            partition by corrected.subscription_id
            order by corrected.version_number
        ) as next_effective_date,
        last_value(corrected.ended_date) over (
            partition by corrected.subscription_id
            order by corrected.version_number
            rows between unbounded preceding and unbounded following
        ) as final_ended_date
    from corrected
    where corrected.recency = 1 and corrected.was_deleted = 0

),

ranged as (

    select
        followed.subscription_id,
        followed.account_id,
        followed.version_number,
        followed.service,
        followed.service_from_date as valid_from_date,
        least(
            followed.service_until_date,
            coalesce(followed.next_effective_date, cast('9999-01-01' as date)),
            coalesce(followed.final_ended_date, cast('9999-01-01' as date))
        ) as valid_until_date,
        followed.mrr_cents,
        followed.seat_count,
        followed.billing_months,
        followed.term_end_date
    from followed
    where followed.service <> 'none'

)

select * from ranged
where ranged.valid_from_date < ranged.valid_until_date
