with source as (

    {{ landed('zendesk', 'tickets') }}

),

renamed as (

    select distinct
        cast(source.id as {{ column_type('varchar') }}) as ticket_id,
        {{ json_array_lookup(
            readable_json('source.custom_fields'),
            'id', var('zendesk_account_field') | string, 'value'
        ) }} as account_id,
        lower(source.priority) as priority,
        lower(source.status) as status,
        coalesce(
            {{ json_array_contains(readable_json('source.tags'), 'escalated') }}, false
        ) as is_escalated,
        coalesce(
            {{ json_array_contains(readable_json('source.tags'), 'closed_by_merge') }}, false
        ) as is_merged,
        (source._is_deleted or coalesce(lower(source.status) = 'deleted', false)) as is_deleted,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
