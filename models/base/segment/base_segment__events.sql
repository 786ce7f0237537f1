with source as (

    select * from {{ source('segment', 'events') }}

),

renamed as (

    select
        source.event_id,
        source.user_id,
        source.workspace_id,
        source.event_type,
        source.timestamp as occurred_at,
        source._extracted_at as known_at,
        source.landed as landed_date
    from source

)

select * from renamed
