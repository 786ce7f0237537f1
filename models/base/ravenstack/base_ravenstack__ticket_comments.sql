with source as (

    {{ landed('ravenstack', 'support_tickets') }}

),

replied as (

    select
        source.ticket_id,
        cast(source.submitted_at as timestamp)
            + source.first_response_time_minutes * interval '1' minute as commented_at
    from source
    where source.first_response_time_minutes is not null

),

renamed as (

    select
        replied.ticket_id || '-first-reply' as comment_id,
        replied.ticket_id,
        'agent' as author_role,
        true as is_public,
        cast(null as {{ column_type('varchar') }}) as body,
        replied.commented_at,
        replied.commented_at as known_at
    from replied

)

select * from renamed
