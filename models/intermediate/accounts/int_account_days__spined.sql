with lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

states as (

    select * from {{ ref('int_account_states__known_ranged') }}

),

bounded as (

    select
        lives.account_id,
        lives.life_number,
        lives.life_started_date,
        greatest(lives.as_of_from_date, {{ add_days(changed_since(), 1) }}) as first_date,
        least({{ add_days('lives.as_of_until_date', -1) }}, {{ as_of_date() }}) as last_date
    from lives

),

days as (

    select
        bounded.account_id,
        bounded.life_number,
        bounded.life_started_date,
        {{ each_day('bounded.first_date', 'bounded.last_date') }} as as_of_date
    from bounded
    where bounded.first_date <= bounded.last_date

),

stated as (

    select
        days.account_id,
        days.as_of_date,
        days.life_number,
        days.life_started_date,
        {{ days_between('days.life_started_date', 'days.as_of_date') }} as account_age_days,
        coalesce(states.mrr_cents, 0) as mrr_cents,
        -- in service without a word on seats: unknown
        case when states.account_id is null then 0 else states.seat_count end as seat_count,
        coalesce(states.mrr_cents, 0) > 0 as is_paying,
        coalesce(states.has_trial, 0) = 1 and coalesce(states.mrr_cents, 0) = 0 as is_trial,
        states.term_end_date,
        -- weekly plans bill every 7 days, the others by months
        case
            when states.billing_months >= 1
                then cast(round(states.billing_months * 30.4375) as integer)
            when states.billing_months = 0 then 7
        end as billing_period_days
    from days
    left join states
        on
            days.account_id = states.account_id
            and days.as_of_date >= states.as_of_from_date
            and days.as_of_date < states.as_of_until_date

),

compared as (

    select
        stated.*,
        earlier.mrr_cents as mrr_cents_one_period_earlier
    from stated
    left join states as earlier
        on
            stated.account_id = earlier.account_id
            and {{ add_days('stated.as_of_date', '-stated.billing_period_days') }}
            >= earlier.as_of_from_date
            and {{ add_days('stated.as_of_date', '-stated.billing_period_days') }}
            < earlier.as_of_until_date
            -- an earlier life is another customer
            and {{ add_days('stated.as_of_date', '-stated.billing_period_days') }}
            > stated.life_started_date

)

select * from compared
