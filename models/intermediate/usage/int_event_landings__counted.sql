with event_days as (

    select * from {{ ref('int_user_event_days__counted') }}

),

counted as (

    select
        event_days.known_date,
        {{ days_between('event_days.known_date', as_of_date()) }} as days_before,
        sum(event_days.event_count) as event_count,
        sum(
            case
                when event_days.known_date > {{ add_days('event_days.event_date', 7) }}
                    then event_days.event_count
                else 0
            end
        ) as late_event_count,
        max(event_days.last_known_at) as last_known_at
    from event_days
    group by event_days.known_date

)

select * from counted
