with ranges as (

    select * from {{ ref('int_subscription_versions__valid_ranged') }}
    where service <> 'unknown'

),

held as (

    select * from {{ ref('int_account_mrr__held') }}
    where clock = 'valid'

),

ranged as (

    select
        ranges.subscription_id,
        ranges.account_id,
        ranges.version_number,
        ranges.service,
        ranges.is_past_due,
        ranges.is_held,
        ranges.is_last_word,
        ranges.valid_from_date,
        ranges.valid_until_date,
        ranges.mrr_cents,
        ranges.seat_count,
        ranges.plan_id,
        ranges.billing_months,
        ranges.term_end_date
    from ranges
    union all
    -- what an account keeps while a subscription of it cannot be read
    select
        held.subscription_id,
        nullif(held.account_id, 'unassigned') as account_id,
        cast(null as bigint) as version_number,
        'paid' as service,
        false as is_past_due,
        true as is_held,
        true as is_last_word,
        held.from_date as valid_from_date,
        held.until_date as valid_until_date,
        held.mrr_cents,
        cast(null as bigint) as seat_count,
        held.plan_id,
        cast(null as bigint) as billing_months,
        cast(null as date) as term_end_date
    from held

)

select * from ranged
