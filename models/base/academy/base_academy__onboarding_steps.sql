with source as (

    {{ landed('academy', 'onboarding_steps') }}

),

renamed as (

    select distinct
        source.id as step_id,
        source.account_id,
        source.step_name,
        source.due_date,
        source.completed_at,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
