with states as (

    select * from {{ ref('int_account_states__known_ranged') }}

),

paid as (

    select * from {{ ref('int_subscriptions__known_ranged') }}
    where service = 'paid' and account_id is not null

),

in_force as (

    select
        states.account_id,
        states.as_of_from_date,
        states.as_of_until_date,
        paid.term_end_date,
        -- weekly plans bill every 7 days, the others by months
        case
            when paid.billing_months >= 1 then paid.billing_months * 30.4375
            when paid.billing_months = 0 then 7.0
        end as renewal_period_days,
        paid.is_past_due,
        row_number() over (
            partition by states.account_id, states.as_of_from_date
            order by paid.mrr_cents desc, paid.subscription_id asc
        ) as mrr_rank
    from states
    inner join paid
        on
            states.account_id = paid.account_id
            and states.as_of_from_date >= paid.as_of_from_date
            and states.as_of_from_date < paid.as_of_until_date

),

largest as (

    select
        in_force.account_id,
        in_force.as_of_from_date,
        in_force.as_of_until_date,
        in_force.term_end_date,
        in_force.renewal_period_days,
        in_force.is_past_due
    from in_force
    where in_force.mrr_rank = 1

)

select * from largest
