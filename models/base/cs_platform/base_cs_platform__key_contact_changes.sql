with source as (

    {{ landed('cs_platform', 'key_contact_changes') }}

),

renamed as (

    select distinct
        source.id as change_id,
        source.account_id,
        source.contact_id,
        lower(source.role) as role,
        lower(source.change) as change_type,
        source.changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
