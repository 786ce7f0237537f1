with category_days as (

    select * from {{ ref('int_category_days__counted') }}
    where event_date >= {{ add_days(changed_since(), -366) }}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

visible as (

    select
        category_days.account_id,
        lives.life_number,
        category_days.feature_category,
        category_days.event_count,
        greatest(
            {{ add_days('category_days.known_date', 1) }},
            {{ add_days('category_days.event_date', 1) }},
            lives.as_of_from_date,
            {{ add_days(changed_since(), 1) }}
        ) as enters_date,
        {{ add_days('category_days.event_date', 366) }} as leaves_date
    from category_days
    inner join lives
        on
            category_days.account_id = lives.account_id
            and category_days.event_date >= lives.life_started_date
            and category_days.event_date < lives.next_life_started_date

),

signed as (

    select
        visible.account_id,
        visible.life_number,
        visible.feature_category,
        visible.enters_date as as_of_date,
        visible.event_count as change
    from visible
    where visible.enters_date < visible.leaves_date
    union all
    select
        visible.account_id,
        visible.life_number,
        visible.feature_category,
        visible.leaves_date as as_of_date,
        -visible.event_count as change
    from visible
    where visible.enters_date < visible.leaves_date

),

changes as (

    select
        signed.account_id,
        signed.life_number,
        signed.feature_category,
        signed.as_of_date,
        cast(sum(signed.change) as {{ column_type('double') }}) as change
    from signed
    group by signed.account_id, signed.life_number, signed.feature_category, signed.as_of_date

),

counted as (

    select
        changes.*,
        sum(changes.change) over (
            partition by changes.account_id, changes.life_number, changes.feature_category
            order by changes.as_of_date
            rows between unbounded preceding and current row
        ) as events_after
    from changes

),

-- n events of one category are n (n - 1) pairs; what a change adds to them follows from both counts
dated as (

    select
        counted.account_id,
        counted.life_number,
        counted.as_of_date,
        sum(counted.change) as category_events_365d,
        sum(counted.change * (2 * counted.events_after - counted.change - 1))
            as category_pairs_365d
    from counted
    group by counted.account_id, counted.life_number, counted.as_of_date

)

select * from dated
