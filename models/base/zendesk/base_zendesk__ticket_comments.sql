with source as (

    {{ landed('zendesk', 'ticket_comments') }}

),

renamed as (

    select
        cast(source.id as {{ column_type('varchar') }}) as comment_id,
        cast(source.ticket_id as {{ column_type('varchar') }}) as ticket_id,
        source.author_role,
        source.body,
        source.public as is_public,
        source.created_at as commented_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
