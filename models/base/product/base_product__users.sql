with source as (

    {{ landed('product', 'users') }}

),

renamed as (

    select distinct
        source.id as user_id,
        lower(split_part(source.email, '@', 2)) as email_domain,
        source.user_type,
        source._is_deleted as is_deleted,
        source.created_at,
        source.deactivated_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
