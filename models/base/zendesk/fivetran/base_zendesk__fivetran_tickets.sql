with tickets as (

    {{ landed('zendesk_fivetran', 'ticket', [var('zendesk_account_column')]) }}

),

ticket_tags as (

    {{ landed('zendesk_fivetran', 'ticket_tag') }}

),

changes as (

    {{ landed('zendesk_fivetran', 'ticket_field_history') }}
    where field_name in ('status', 'priority')

),

-- a table that lands again whole holds its unchanged rows again
numbered as (

    select
        tickets.*,
        row_number() over (
            partition by tickets.id, tickets.updated_at
            order by tickets._fivetran_synced
        ) as reading_number,
        row_number() over (
            partition by tickets.id
            order by tickets.updated_at desc, tickets._fivetran_synced asc
        ) as recency
    from tickets

),

changed as (

    select
        changes.ticket_id,
        changes.updated as updated_at,
        max(case when changes.field_name = 'status' then changes.value end) as status,
        max(case when changes.field_name = 'priority' then changes.value end) as priority,
        min(changes._fivetran_synced) as _fivetran_synced
    from changes
    group by changes.ticket_id, changes.updated

),

-- the log names what changed; the rest is as it was
counted as (

    select
        changed.*,
        count(changed.status) over by_time as status_number,
        count(changed.priority) over by_time as priority_number
    from changed
    window by_time as (partition by changed.ticket_id order by changed.updated_at)

),

filled as (

    select
        counted.ticket_id,
        counted.updated_at,
        counted._fivetran_synced,
        max(counted.status) over (
            partition by counted.ticket_id, counted.status_number
        ) as status,
        max(counted.priority) over (
            partition by counted.ticket_id, counted.priority_number
        ) as priority
    from counted

),

versions as (

    select
        numbered.id,
        numbered.priority,
        numbered.status,
        numbered.updated_at,
        numbered._fivetran_synced
    from numbered
    where numbered.reading_number = 1
    union all
    select
        filled.ticket_id as id,
        filled.priority,
        filled.status,
        filled.updated_at,
        filled._fivetran_synced
    from filled
    left join numbered
        on filled.ticket_id = numbered.id and filled.updated_at = numbered.updated_at
    where filled.status is not null and numbered.id is null

),

tagged as (

    select
        ticket_tags.ticket_id,
        max(case when ticket_tags.tag = 'escalated' then 'escalated' else '' end) as escalated,
        max(case when ticket_tags.tag = 'closed_by_merge' then 'closed_by_merge' else '' end)
            as merged
    from ticket_tags
    group by ticket_tags.ticket_id

)

select
    versions.id,
    versions.priority,
    versions.status,
    -- a tag carries no date: it is known of the latest version alone
    case
        when versions.updated_at >= latest.updated_at
            then '["' || tagged.escalated || '", "' || tagged.merged || '"]'
    end as tags,
    '[{"id": {{ var("zendesk_account_field") }}, "value": "'
    || replace(latest.{{ var('zendesk_account_column') }}, '"', '') || '"}]' as custom_fields,
    latest.created_at,
    versions.updated_at,
    coalesce(versions.status = 'deleted', false) as _is_deleted,
    versions._fivetran_synced as _extracted_at
from versions
inner join numbered as latest
    on versions.id = latest.id and latest.recency = 1
left join tagged
    on versions.id = tagged.ticket_id
