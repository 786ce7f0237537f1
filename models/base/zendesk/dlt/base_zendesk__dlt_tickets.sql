with tickets as (

    {{ landed('zendesk_dlt', 'tickets') }}

),

ticket_tags as (

    {{ landed('zendesk_dlt', 'tickets__tags') }}

),

custom_fields as (

    {{ landed('zendesk_dlt', 'tickets__custom_fields') }}

),

-- a load that brings again what did not change says nothing new
numbered as (

    select
        tickets.*,
        row_number() over (
            partition by tickets.id, tickets.updated_at
            order by tickets._dlt_load_id
        ) as reading_number
    from tickets

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
    where custom_fields.id = 360001
    group by custom_fields._dlt_parent_id

)

select
    numbered.id,
    numbered.priority,
    numbered.status,
    '["' || tagged.escalated || '", "' || tagged.merged || '"]' as tags,
    '[{"id": 360001, "value": "' || replace(fielded.account_id, '"', '') || '"}]'
        as custom_fields,
    numbered.created_at,
    numbered.updated_at,
    coalesce(numbered.status = 'deleted', false) as _is_deleted,
    {{ load_time('numbered._dlt_load_id') }} as _extracted_at
from numbered
left join tagged
    on numbered._dlt_id = tagged.ticket_row
left join fielded
    on numbered._dlt_id = fielded.ticket_row
where numbered.reading_number = 1
