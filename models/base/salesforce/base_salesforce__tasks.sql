with source as (

    {{ landed('salesforce', 'task') }}

),

renamed as (

    select distinct
        {{ salesforce_id_18('source.id') }} as task_id,
        {{ salesforce_id_18('source.accountid') }} as account_id,
        {{ salesforce_id_18('source.ownerid') }} as owner_id,
        source.type as task_type,
        lower(source.status) as status,
        source.activitydate as activity_date,
        source.isdeleted as is_deleted,
        source.createddate as created_at,
        source.systemmodstamp as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
