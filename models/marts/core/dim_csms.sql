{{ config(tags=['before_training']) }}

with states as (

    select * from {{ ref('int_account_states__known_ranged') }}
    where
        as_of_from_date <= {{ as_of_date() }}
        and as_of_until_date > {{ as_of_date() }}
        and mrr_cents > 0

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

capacities as (

    select * from {{ ref('csm_capacity') }}

),

counted as (

    select
        coalesce(accounts.csm_id, 'unassigned') as csm_id,
        count(*) as paying_accounts_count
    from states
    left join accounts
        on states.account_id = accounts.account_id
    group by coalesce(accounts.csm_id, 'unassigned')

),

slotted as (

    select
        counted.csm_id,
        counted.paying_accounts_count,
        coalesce(own_capacity.slots, team_capacity.slots) as slots
    from counted
    left join capacities as own_capacity
        on counted.csm_id = own_capacity.csm_id
    left join capacities as team_capacity
        on team_capacity.csm_id = 'default'

)

select {{ contract_columns('slotted') }}
from slotted
