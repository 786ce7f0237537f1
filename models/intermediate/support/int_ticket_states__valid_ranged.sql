with versions as (

    select * from {{ ref('int_ticket_versions__mapped') }}

),

tickets as (

    select * from {{ ref('int_tickets__known') }}
    where deletion_known_at is null

),

-- the latest word on each moment of change
corrected as (

    select
        versions.*,
        row_number() over (
            partition by versions.ticket_id, versions.changed_at
            order by versions.known_at desc
        ) as recency
    from versions

),

stated as (

    select
        corrected.ticket_id,
        tickets.account_id,
        tickets.opened_at,
        corrected.changed_at,
        corrected.status in ('solved', 'closed') as is_solved,
        row_number() over (
            partition by corrected.ticket_id
            order by corrected.changed_at
        ) as version_number,
        lead(corrected.changed_at) over (
            partition by corrected.ticket_id
            order by corrected.changed_at
        ) as next_changed_at
    from corrected
    inner join tickets
        on corrected.ticket_id = tickets.ticket_id
    where corrected.recency = 1

)

select
    stated.ticket_id,
    stated.account_id,
    stated.opened_at,
    stated.version_number,
    stated.is_solved,
    -- nothing older is on record, so it holds from the start
    case
        when stated.version_number = 1 then least(stated.opened_at, stated.changed_at)
        else stated.changed_at
    end as valid_from_at,
    coalesce(stated.next_changed_at, cast('9999-01-01 00:00:00' as timestamp)) as valid_until_at
from stated
