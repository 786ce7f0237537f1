with source as (

    {{ landed('zendesk', 'satisfaction_ratings') }}

),

renamed as (

    select distinct
        cast(source.id as {{ column_type('varchar') }}) as rating_id,
        cast(source.ticket_id as {{ column_type('varchar') }}) as ticket_id,
        lower(source.score) as score,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
