with tickets as (

    {{ first_readings('zendesk_airbyte', 'tickets', 'id', 'updated_at', '_airbyte_extracted_at') }}

)

select
    tickets.id,
    tickets.priority,
    tickets.status,
    tickets.tags,
    tickets.custom_fields,
    tickets.created_at,
    tickets.updated_at,
    coalesce(tickets.status = 'deleted', false) as _is_deleted,
    tickets._airbyte_extracted_at as _extracted_at
from tickets
