with states as (

    select * from {{ ref('int_account_states__known_ranged') }}

),

followed as (

    select
        states.*,
        lag(states.as_of_until_date) over (
            partition by states.account_id
            order by states.as_of_from_date
        ) as previous_until_date
    from states

),

started as (

    select
        followed.*,
        case
            when followed.previous_until_date is null then 1
            when {{ days_between('followed.previous_until_date', 'followed.as_of_from_date') }}
                > {{ var('churn_gap_days') }} then 1
            else 0
        end as starts_life
    from followed

),

numbered as (

    select
        started.*,
        cast(sum(started.starts_life) over (
            partition by started.account_id
            order by started.as_of_from_date
            rows between unbounded preceding and current row
        ) as integer) as life_number
    from started

),

lives as (

    select
        numbered.account_id,
        numbered.life_number,
        min(
            case when numbered.starts_life = 1 then numbered.service_from_date end
        ) as life_started_date,
        min(numbered.as_of_from_date) as as_of_from_date,
        -- rows go on until the gap is longer than the churn gap
        {{ add_days('max(numbered.as_of_until_date)', var('churn_gap_days')) }}
            as as_of_until_date
    from numbered
    group by numbered.account_id, numbered.life_number

),

-- a fact belongs to the life in which it happened; a return that was known late takes none
-- from the days on which the life before still stood (D009)
followed_by_next as (

    select
        lives.*,
        greatest(
            lives.as_of_until_date,
            lead(lives.life_started_date, 1, cast('9999-01-01' as date)) over (
                partition by lives.account_id
                order by lives.life_number
            )
        ) as next_life_started_date
    from lives

)

select * from followed_by_next
