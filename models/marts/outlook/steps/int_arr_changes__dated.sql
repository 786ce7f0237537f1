with paid as (

    select
        known_ranges.account_id,
        known_ranges.as_of_from_date as known_date,
        known_ranges.mrr_cents,
        lag(known_ranges.mrr_cents) over (
            partition by known_ranges.account_id order by known_ranges.as_of_from_date
        ) as before_cents,
        lag(known_ranges.as_of_until_date) over (
            partition by known_ranges.account_id order by known_ranges.as_of_from_date
        ) as paid_until_date
    from {{ ref('int_account_states__known_ranged') }} as known_ranges
    where
        known_ranges.mrr_cents > 0
        and known_ranges.as_of_from_date <= {{ as_of_date() }}

),

-- a pause within the gap is no churn, and its end no new business
named as (

    select
        paid.account_id,
        paid.known_date,
        case
            when
                paid.before_cents is null
                or {{ days_between('paid.paid_until_date', 'paid.known_date') }}
                > {{ var('churn_gap_days') }}
                then 'new'
            when paid.mrr_cents < paid.before_cents then 'contraction'
            when
                paid.mrr_cents * 100
                >= paid.before_cents * (100 + {{ var('expansion_rise_pct') }})
                then 'expansion'
            else 'smaller rise'
        end as change_kind,
        cast(paid.before_cents * 12 / 100.0 as decimal(18, 2)) as before_arr_usd,
        cast(paid.mrr_cents * 12 / 100.0 as decimal(18, 2)) as after_arr_usd
    from paid
    where paid.before_cents is null or paid.mrr_cents <> paid.before_cents
        or {{ days_between('paid.paid_until_date', 'paid.known_date') }}
        > {{ var('churn_gap_days') }}

),

dated as (

    select
        named.*,
        case
            when named.change_kind = 'new' then named.after_arr_usd
            else named.after_arr_usd - named.before_arr_usd
        end as change_arr_usd
    from named

)

select * from dated
