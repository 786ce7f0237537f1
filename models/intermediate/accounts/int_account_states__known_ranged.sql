with ranges as (

    select * from {{ ref('int_subscriptions__known_ranged') }}
    where account_id is not null

),

boundaries as (

    select
        ranges.account_id,
        ranges.as_of_from_date as boundary_date
    from ranges
    union
    select
        ranges.account_id,
        ranges.as_of_until_date as boundary_date
    from ranges

),

segments as (

    select
        boundaries.account_id,
        boundaries.boundary_date as as_of_from_date,
        lead(boundaries.boundary_date) over (
            partition by boundaries.account_id
            order by boundaries.boundary_date
        ) as as_of_until_date
    from boundaries

),

summed as (

    select
        segments.account_id,
        segments.as_of_from_date,
        segments.as_of_until_date,
        min(ranges.service_from_date) as service_from_date,
        sum(case when ranges.service = 'paid' then ranges.mrr_cents else 0 end) as mrr_cents,
        sum(ranges.seat_count) as seat_count,
        max(case when ranges.service = 'paid' then 1 else 0 end) as has_paid_service,
        max(case when ranges.service = 'trial' then 1 else 0 end) as has_trial,
        max(
            case when ranges.service = 'paid' then ranges.billing_months end
        ) as billing_months,
        min(case when ranges.service = 'paid' then ranges.term_end_date end) as term_end_date
    from segments
    inner join ranges
        on
            segments.account_id = ranges.account_id
            and segments.as_of_from_date >= ranges.as_of_from_date
            and segments.as_of_from_date < ranges.as_of_until_date
    group by segments.account_id, segments.as_of_from_date, segments.as_of_until_date

)

select * from summed
