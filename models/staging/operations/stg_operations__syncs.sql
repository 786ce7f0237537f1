with states as (

    select * from {{ source('ops', 'syncs') }}

),

ended as (

    select
        states.sync_id,
        states.destination,
        states.run_id,
        states.as_of_date,
        states.model_version,
        states.state,
        {{ json_text('states.detail', ['cause']) }} as cause,
        states.recorded_at,
        row_number() over (
            partition by states.sync_id
            order by states.recorded_at desc, states.state asc
        ) as recency,
        row_number() over (
            partition by states.destination, states.as_of_date
            order by states.recorded_at desc, states.sync_id desc, states.state asc
        ) = 1 as is_last_of_night
    from states

),

final as (

    select *
    from ended
    where recency = 1

)

select {{ contract_columns('final') }}
from final
