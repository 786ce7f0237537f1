with ticket_versions as (

    select * from {{ ref('int_ticket_versions__mapped') }}

),

-- a version that arrives after a newer one never becomes the state
kept as (

    select
        ticket_versions.*,
        max(ticket_versions.changed_at) over (
            partition by ticket_versions.ticket_id
            order by ticket_versions.known_at, ticket_versions.changed_at
            rows between unbounded preceding and 1 preceding
        ) as newest_change_before
    from ticket_versions

),

ranged as (

    select
        kept.ticket_id,
        kept.account_id,
        cast(kept.created_at as date) as opened_date,
        not kept.is_gone and kept.status in ('new', 'open', 'pending', 'hold') as is_unsolved,
        {{ add_days('kept.known_at', 1) }} as as_of_from_date,
        coalesce(
            lead({{ add_days('kept.known_at', 1) }}) over (
                partition by kept.ticket_id
                order by kept.known_at, kept.changed_at
            ),
            cast('9999-01-01' as date)
        ) as as_of_until_date
    from kept
    where kept.newest_change_before is null or kept.changed_at >= kept.newest_change_before

)

select * from ranged
where ranged.as_of_from_date < ranged.as_of_until_date
