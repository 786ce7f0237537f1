{% set facts = [
    ('tickets', ref('int_tickets__known'), 'opening_known_at', 28),
    ('surveys', ref('stg_sentiment__nps_response_versions'), 'known_at', 28),
    ('tasks', ref('stg_engagement__task_versions'), 'known_at', 28),
    ('steps', ref('stg_preparedness__onboarding_step_versions'), 'known_at', 28),
    ('enrolments', ref('stg_preparedness__course_enrolment_versions'), 'known_at', 28),
    ('reviews', ref('stg_engagement__business_review_versions'), 'known_at', 90),
    ('key_contacts', ref('stg_engagement__key_contact_changes'), 'known_at', 90),
] -%}
{%- set event_days = 7 -%}

with accounts as (

    select
        account_versions.account_id,
        min(cast(account_versions.known_at as date)) as known_date
    from {{ ref('stg_master_records__account_versions') }} as account_versions
    group by account_versions.account_id

),

facts as (

    {%- for table_name, relation, known_at, row_days in facts %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table_name }}' as table_name,
        {{ row_days }} as window_days,
        cast(records.{{ known_at }} as date) as known_date,
        records.account_id
    from {{ relation }} as records
    {%- endfor %}

),

daily as (

    select
        'events' as table_name,
        {{ event_days }} as window_days,
        landings.known_date,
        landings.event_count as row_count,
        landings.joined_event_count as joined_count
    from {{ ref('int_event_landings__counted') }} as landings
    union all
    select
        facts.table_name,
        facts.window_days,
        facts.known_date,
        count(*) as row_count,
        count(case when accounts.known_date <= facts.known_date then 1 end) as joined_count
    from facts
    left join accounts
        on facts.account_id = accounts.account_id
    group by facts.table_name, facts.window_days, facts.known_date

),

-- a day is among the last days of as many dates
dated as (

    select
        daily.table_name,
        daily.row_count,
        daily.joined_count,
        {{ each_day(
            add_days('daily.known_date', 1), add_days('daily.known_date', 'daily.window_days')
        ) }} as as_of_date
    from daily

),

summed as (

    select
        dated.table_name,
        dated.as_of_date,
        sum(dated.row_count) as row_count,
        sum(dated.joined_count) as joined_count
    from dated
    group by dated.table_name, dated.as_of_date
    having sum(dated.row_count) >= 20

),

compared as (

    select
        summed.*,
        max(1.0 * summed.joined_count / summed.row_count) over (
            partition by summed.table_name
            order by summed.as_of_date
        ) as best_share
    from summed

)

select
    compared.table_name,
    compared.as_of_date,
    compared.row_count,
    compared.joined_count
from compared
where
    2 * compared.joined_count < compared.row_count
    -- use that is recorded before its workspace is linked counts later: nothing was lost
    and (compared.table_name <> 'events' or compared.best_share >= 0.8)
