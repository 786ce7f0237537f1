with ranges as (

    select * from {{ ref('int_subscription_versions__known_ranged') }}
    where service <> 'unknown'

),

held as (

    select * from {{ ref('int_account_mrr__held') }}
    where clock = 'known' and account_id <> 'unassigned'

),

ranged as (

    select
        ranges.subscription_id,
        ranges.account_id,
        ranges.version_number,
        ranges.service,
        ranges.service_from_date,
        ranges.as_of_from_date,
        ranges.as_of_until_date,
        ranges.mrr_cents,
        ranges.seat_count,
        ranges.billing_months,
        ranges.term_end_date,
        ranges.is_past_due,
        ranges.is_held
    from ranges
    union all
    -- what an account keeps while a subscription of it cannot be read
    select
        held.subscription_id,
        held.account_id,
        cast(null as bigint) as version_number,
        'paid' as service,
        {{ add_days('held.from_date', -1) }} as service_from_date,
        held.from_date as as_of_from_date,
        held.until_date as as_of_until_date,
        held.mrr_cents,
        cast(null as bigint) as seat_count,
        cast(null as bigint) as billing_months,
        cast(null as date) as term_end_date,
        0 as is_past_due,
        1 as is_held
    from held

)

select * from ranged
