{% set facts = [
    ('tickets', ref('int_tickets__known'), 'ticket_id', 'opening_known_at'),
    ('subscriptions', ref('int_subscription_versions__priced'), 'subscription_id', 'known_at'),
    ('invoices', ref('stg_subscription__invoice_versions'), 'invoice_id', 'known_at'),
    ('contacts', ref('stg_master_records__contact_versions'), 'contact_id', 'known_at'),
    ('surveys', ref('stg_sentiment__nps_response_versions'), 'response_id', 'known_at'),
    ('tasks', ref('stg_engagement__task_versions'), 'task_id', 'known_at'),
    ('steps', ref('stg_preparedness__onboarding_step_versions'), 'step_id', 'known_at'),
    ('enrolments', ref('stg_preparedness__course_enrolment_versions'), 'enrolment_id', 'known_at'),
    ('reviews', ref('stg_engagement__business_review_versions'), 'review_id', 'known_at'),
    ('key_contacts', ref('stg_engagement__key_contact_changes'), 'change_id', 'known_at'),
] -%}

with accounts as (

    select distinct account_id
    from {{ ref('stg_master_records__account_versions') }}

),

workspaces as (

    select * from {{ ref('int_workspaces__owned') }}

),

event_days as (

    select
        event_days.known_date,
        event_days.workspace_id,
        sum(event_days.event_count) as event_count
    from {{ ref('int_user_event_days__counted') }} as event_days
    where event_days.known_date >= {{ add_days(as_of_date(), -35) }}
    group by event_days.known_date, event_days.workspace_id

),

facts as (

    select
        'events' as table_name,
        event_days.workspace_id as example_id,
        workspaces.account_id,
        event_days.known_date >= {{ add_days(as_of_date(), -7) }} as is_recent,
        event_days.event_count as row_count
    from event_days
    left join workspaces
        on event_days.workspace_id = workspaces.workspace_id
    {%- for table_name, relation, key, known_at in facts %}
    union all
    select
        '{{ table_name }}' as table_name,
        records.{{ key }} as example_id,
        records.account_id,
        records.{{ known_at }} >= {{ add_days(as_of_date(), -28) }} as is_recent,
        1 as row_count
    from {{ relation }} as records
    where records.{{ known_at }} >= {{ add_days(as_of_date(), -208) }}
    {%- endfor %}

),

counted as (

    select
        facts.table_name,
        sum(case when facts.is_recent then facts.row_count else 0 end) as recent_rows,
        sum(case when facts.is_recent and accounts.account_id is null
            then facts.row_count else 0 end) as recent_orphans,
        sum(case when facts.is_recent then 0 else facts.row_count end) as earlier_rows,
        sum(case when not facts.is_recent and accounts.account_id is null
            then facts.row_count else 0 end) as earlier_orphans,
        max(case when facts.is_recent and accounts.account_id is null then facts.example_id end)
            as example_id,
        max(case when facts.is_recent and accounts.account_id is null then facts.account_id end)
            as example_account_id
    from facts
    left join accounts
        on facts.account_id = accounts.account_id
    group by facts.table_name

),

-- one of three rows is no share yet: the rows count as 20 at least
shared as (

    select
        counted.*,
        counted.recent_orphans * 1.0 / greatest(counted.recent_rows, 20) as recent_share,
        coalesce(counted.earlier_orphans * 1.0 / nullif(counted.earlier_rows, 0), 0)
            as earlier_share
    from counted

),

thresholds as (

    select * from {{ ref('gate_thresholds') }}
    where check_name like '%_orphan_excess'

),

measured as (

    select
        thresholds.check_name,
        -- against its own history, and never more than a half beyond the limit
        shared.recent_share - least(shared.earlier_share, 0.5) as measured_value,
        case
            when shared.recent_orphans > 0
                then
                    cast(shared.recent_orphans as {{ column_type('varchar') }}) || ' of '
                    || cast(shared.recent_rows as {{ column_type('varchar') }})
                    || ', as ' || coalesce(shared.example_id, 'those without an id') || ': '
                    || case
                        when shared.example_account_id is null
                            then
                                'no account is named; is the field empty, renamed or mapped'
                                || ' elsewhere?'
                        when length(shared.example_account_id) in (15, 18)
                            then
                                'account ' || shared.example_account_id
                                || ' is not on file; 15 characters against 18, or another CRM?'
                        else
                            'account ' || shared.example_account_id
                            || ' is not on file; is the key renamed, or another system''s?'
                    end
        end as found
    from thresholds
    left join shared
        on thresholds.check_name = shared.table_name || '_orphan_excess'

)

select * from measured
