with source as (

    {{ landed('hubspot', 'deals') }}

),

read as (

    select
        source.*,
        {{ readable_json('source.properties') }} as readable_properties,
        {{ readable_json('source.associations') }} as readable_associations,
        {{ json_text(readable_json('source.properties'), ['closedate']) }} as close_text
    from source

),

renamed as (

    select distinct
        source.id as opportunity_id,
        {{ json_array_lookup(
            json_text('source.readable_associations', ['companies', 'results']),
            'type', 'deal_to_company', 'id'
        ) }} as account_id,
        {{ json_text('source.readable_properties', ['dealtype']) }} as opportunity_type,
        {{ json_text('source.readable_properties', ['dealstage']) }} as stage_name,
        cast(
            {{ decimal_number(json_text('source.readable_properties', ['amount'])) }}
            as {{ column_type('double') }}
        ) as amount_usd,
        case
            when {{ matches('source.close_text', '^[0-9]{4}-[0-9][0-9]-[0-9][0-9]') }}
                then cast(substring(source.close_text, 1, 10) as date)
        end as close_date,
        coalesce(
            {{ json_text('source.readable_properties', ['hs_is_closed_won']) }} = 'true', false
        ) as is_won,
        coalesce(
            {{ json_text('source.readable_properties', ['hs_is_closed']) }} = 'true', false
        ) as is_closed,
        coalesce(source.archived, false) as is_deleted,
        source.createdat as created_at,
        greatest(source.updatedat, coalesce(source.archivedat, source.updatedat)) as changed_at,
        source._extracted_at as known_at
    from read as source

)

select * from renamed
