with source as (

    {{ landed('product', 'workspaces') }}

),

renamed as (

    select distinct
        source.id as workspace_id,
        source.crm_account_id as account_id,
        source.region,
        source._is_deleted as is_deleted,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
