with usage_days as (

    select * from {{ ref('int_account_usage_days__counted') }}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

visible as (

    select
        usage_days.account_id,
        lives.life_number,
        greatest(
            {{ add_days('usage_days.known_date', 1) }},
            {{ add_days('usage_days.event_date', 1) }},
            lives.as_of_from_date,
            {{ add_days(changed_since(), 1) }}
        ) as as_of_date,
        usage_days.event_date
    from usage_days
    inner join lives
        on
            usage_days.account_id = lives.account_id
            and usage_days.event_date >= lives.life_started_date
            and usage_days.event_date < lives.next_life_started_date

)

select
    visible.account_id,
    visible.life_number,
    visible.as_of_date,
    min(visible.event_date) as first_active_date,
    max(visible.event_date) as last_active_date
from visible
group by visible.account_id, visible.life_number, visible.as_of_date
