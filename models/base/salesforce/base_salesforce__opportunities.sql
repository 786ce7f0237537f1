with source as (

    {{ landed('salesforce', 'opportunity') }}

),

renamed as (

    select distinct
        {{ salesforce_id_18('source.id') }} as opportunity_id,
        {{ salesforce_id_18('source.accountid') }} as account_id,
        source.type as opportunity_type,
        source.stagename as stage_name,
        source.amount as amount_usd,
        source.closedate as close_date,
        source.iswon as is_won,
        source.isclosed as is_closed,
        source.isdeleted as is_deleted,
        source.createddate as created_at,
        source.systemmodstamp as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
