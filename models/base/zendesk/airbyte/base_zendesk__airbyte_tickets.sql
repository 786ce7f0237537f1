with tickets as (

    {{ landed('zendesk_airbyte', 'tickets') }}

),

-- a sync that reads again what did not change says nothing new
numbered as (

    select
        tickets.*,
        row_number() over (
            partition by tickets.id, tickets.updated_at
            order by tickets._airbyte_extracted_at
        ) as reading_number
    from tickets

)

select
    numbered.id,
    numbered.priority,
    numbered.status,
    numbered.tags,
    numbered.custom_fields,
    numbered.created_at,
    numbered.updated_at,
    coalesce(numbered.status = 'deleted', false) as _is_deleted,
    numbered._airbyte_extracted_at as _extracted_at
from numbered
where numbered.reading_number = 1
