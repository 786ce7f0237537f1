with source as (

    {{ landed('cs_platform', 'experiment_assignments') }}

),

renamed as (

    select distinct
        source.id as assignment_id,
        source.experiment_name,
        source.account_id,
        source.variant,
        source.assigned_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
