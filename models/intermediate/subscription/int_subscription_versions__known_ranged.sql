with served as (

    select * from {{ ref('int_subscription_versions__served') }}

),

visible as (

    select
        served.*,
        {{ add_days('greatest(cast(served.known_at as date), served.effective_date)', 1) }}
            as visible_from_date
    from served
    where served.stretch_until_date > served.version_effective_date

),

ranked as (

    select
        visible.*,
        max(visible.stretch_number) over (
            partition by visible.subscription_id
            order by visible.visible_from_date, visible.stretch_number
            rows between unbounded preceding and 1 preceding
        ) as newest_before
    from visible

),

-- a version that arrives after a newer one never becomes the state
current_when_known as (

    select
        ranked.*,
        lead(ranked.visible_from_date) over (
            partition by ranked.subscription_id
            order by ranked.visible_from_date, ranked.stretch_number
        ) as next_visible_from_date
    from ranked
    where ranked.newest_before is null or ranked.stretch_number > ranked.newest_before

),

ranged as (

    select
        current_when_known.subscription_id,
        current_when_known.account_id,
        current_when_known.version_number,
        current_when_known.service,
        current_when_known.service_from_date,
        greatest(
            current_when_known.visible_from_date,
            {{ add_days('current_when_known.service_from_date', 1) }}
        ) as as_of_from_date,
        least(
            coalesce(current_when_known.next_visible_from_date, cast('9999-01-01' as date)),
            {{ add_days(
                'least(current_when_known.service_until_date, '
                ~ 'current_when_known.stretch_until_date)', 1
            ) }}
        ) as as_of_until_date,
        current_when_known.mrr_cents,
        current_when_known.seat_count,
        current_when_known.billing_months,
        current_when_known.term_started_date,
        current_when_known.term_end_date,
        case when current_when_known.is_past_due then 1 else 0 end as is_past_due,
        case when current_when_known.is_held then 1 else 0 end as is_held
    from current_when_known
    where current_when_known.service <> 'none'

),

cut as (

    select
        ranged.*,
        least(
            ranged.as_of_until_date,
            greatest(
                ranged.as_of_from_date,
                coalesce(
                    {{ add_days('ranged.term_started_date', 1) }}, ranged.as_of_from_date
                )
            )
        ) as term_from_date
    from ranged
    where ranged.as_of_from_date < ranged.as_of_until_date

),

-- a term that is agreed and has not begun is not in force: the one that is ends where it begins
termed as (

    select
        cut.subscription_id,
        cut.account_id,
        cut.version_number,
        cut.service,
        cut.service_from_date,
        cut.as_of_from_date,
        cut.term_from_date as as_of_until_date,
        cut.mrr_cents,
        cut.seat_count,
        cut.billing_months,
        cut.term_started_date as term_end_date,
        cut.is_past_due,
        cut.is_held
    from cut
    where cut.as_of_from_date < cut.term_from_date
    union all
    select
        cut.subscription_id,
        cut.account_id,
        cut.version_number,
        cut.service,
        cut.service_from_date,
        cut.term_from_date as as_of_from_date,
        cut.as_of_until_date,
        cut.mrr_cents,
        cut.seat_count,
        cut.billing_months,
        cut.term_end_date,
        cut.is_past_due,
        cut.is_held
    from cut
    where cut.term_from_date < cut.as_of_until_date

)

select * from termed
