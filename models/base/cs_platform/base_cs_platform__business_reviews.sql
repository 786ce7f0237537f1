with source as (

    {{ landed('cs_platform', 'business_reviews') }}

),

renamed as (

    select distinct
        source.id as review_id,
        source.account_id,
        lower(source.status) as status,
        {{ readable_json('source.goals') }} as goals_json,
        source.scheduled_at,
        source.held_at,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
