with tickets as (

    {{ first_readings('zendesk_dlt', 'tickets', 'id', 'updated_at', '_dlt_load_id') }}

),

ticket_tags as (

    {{ landed('zendesk_dlt', 'tickets__tags') }}

),

custom_fields as (

    {{ landed('zendesk_dlt', 'tickets__custom_fields') }}

),

tagged as (

    select
        ticket_tags._dlt_parent_id as ticket_row,
        max(case when ticket_tags.value = 'escalated' then 'escalated' else '' end) as escalated,
        max(case when ticket_tags.value = 'closed_by_merge' then 'closed_by_merge' else '' end)
            as merged
    from ticket_tags
    group by ticket_tags._dlt_parent_id

),

fielded as (

    select
        custom_fields._dlt_parent_id as ticket_row,
        max(custom_fields.value) as account_id
    from custom_fields
    where custom_fields.id = {{ var('zendesk_account_field') }}
    group by custom_fields._dlt_parent_id

)

select
    tickets.id,
    tickets.priority,
    tickets.status,
    '["' || tagged.escalated || '", "' || tagged.merged || '"]' as tags,
    '[{"id": {{ var("zendesk_account_field") }}, "value": "'
    || replace(fielded.account_id, '"', '') || '"}]' as custom_fields,
    tickets.created_at,
    tickets.updated_at,
    coalesce(tickets.status = 'deleted', false) as _is_deleted,
    {{ load_time('tickets._dlt_load_id') }} as _extracted_at
from tickets
left join tagged
    on tickets._dlt_id = tagged.ticket_row
left join fielded
    on tickets._dlt_id = fielded.ticket_row
