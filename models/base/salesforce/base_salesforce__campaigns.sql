with source as (

    {{ landed('salesforce', 'campaign') }}

),

renamed as (

    select distinct
        {{ salesforce_id_18('source.id') }} as campaign_id,
        source.name as campaign_name,
        source.type as campaign_type,
        source.status as campaign_status,
        source.startdate as start_date,
        source.enddate as end_date,
        source.isdeleted as is_deleted,
        source.createddate as created_at,
        source.systemmodstamp as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
