with source as (

    {{ landed('product', 'memberships') }}

),

renamed as (

    select distinct
        source.id as membership_id,
        source.workspace_id,
        source.user_id,
        source.role,
        source.created_at,
        source.ended_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
