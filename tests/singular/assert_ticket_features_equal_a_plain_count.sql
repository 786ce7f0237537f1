-- Tickets are counted before any join: never events x tickets, and no account without either lost.
with features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

first_versions as (

    select
        versions.ticket_id,
        versions.account_id,
        versions.created_at,
        row_number() over (
            partition by versions.ticket_id
            order by cast(versions.known_at as date), versions.changed_at, versions.known_at
        ) as version_number,
        max(case when versions.is_deleted or versions.is_merged then 1 else 0 end) over (
            partition by versions.ticket_id
        ) as was_taken_away
    from {{ ref('stg_support__ticket_versions') }} as versions

),

opened as (

    select
        first_versions.account_id,
        cast(first_versions.created_at as date) as opened_date
    from first_versions
    where
        first_versions.version_number = 1
        and first_versions.was_taken_away = 0
        and first_versions.created_at >= {{ add_days(as_of_date(), -30) }}
        and first_versions.created_at < {{ as_of_date() }}

),

counted as (

    select
        features.account_id,
        count(opened.opened_date) as ticket_count
    from features
    inner join lives
        on
            features.account_id = lives.account_id
            and features.life_number = lives.life_number
    left join opened
        on
            features.account_id = opened.account_id
            and opened.opened_date >= lives.life_started_date
    group by features.account_id

)

select
    features.account_id,
    features.support_tickets_30d,
    counted.ticket_count
from features
left join counted
    on features.account_id = counted.account_id
where counted.ticket_count is null or features.support_tickets_30d <> counted.ticket_count
