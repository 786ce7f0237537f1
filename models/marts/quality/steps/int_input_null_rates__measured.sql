{% set fields = [
    ('invoices', ref('stg_subscription__invoice_versions'), 'status', 'invoice_status'),
    ('ratings', ref('stg_support__satisfaction_rating_versions'), 'score', 'rating_score'),
    ('surveys', ref('stg_sentiment__nps_response_versions'), 'score', 'nps_score'),
    ('meetings', ref('stg_engagement__task_versions'), 'status', 'meeting_status'),
    ('reviews', ref('stg_engagement__business_review_versions'), 'status', 'review_status'),
    ('key_contacts', ref('stg_engagement__key_contact_changes'), 'role', 'key_contact_role'),
    ('key_contact_changes', ref('stg_engagement__key_contact_changes'), 'change_type',
        'key_contact_change'),
    ('enrolments', ref('stg_preparedness__course_enrolment_versions'), 'status',
        'enrolment_status'),
    ('interventions', ref('stg_operations__intervention_versions'), 'status',
        'intervention_status'),
] -%}

with event_days as (

    select * from {{ ref('int_user_event_days__counted') }}

),

subscription_versions as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

ticket_versions as (

    select * from {{ ref('stg_support__ticket_versions') }}

),

readable_ticket_versions as (

    select * from {{ ref('int_ticket_versions__mapped') }}

),

words as (

    select
        reported_values.field,
        reported_values.reported_value
    from {{ ref('reported_values') }} as reported_values

),

measured as (

    select
        'usage_null_rate' as check_name,
        avg(
            case
                when event_days.user_id is null or event_days.workspace_id is null then 1.0
                else 0
            end
        ) as measured_value
    from event_days
    where event_days.known_date >= {{ add_days(as_of_date(), -7) }}
    union all
    select
        'subscription_null_rate' as check_name,
        avg(
            case
                when
                    subscription_versions.account_id is null
                    or subscription_versions.mrr_cents is null then 1.0
                else 0
            end
        ) as measured_value
    from subscription_versions
    where subscription_versions.known_at >= {{ add_days(as_of_date(), -28) }}
    union all
    select
        'support_null_rate' as check_name,
        avg(case when ticket_versions.account_id is null then 1.0 else 0 end) as measured_value
    from ticket_versions
    where ticket_versions.known_at >= {{ add_days(as_of_date(), -28) }}
    union all
    select
        'support_put_aside' as check_name,
        avg(case when readable.ticket_id is null then 1.0 else 0 end) as measured_value
    from ticket_versions
    left join readable_ticket_versions as readable
        on
            ticket_versions.ticket_id = readable.ticket_id
            and ticket_versions.changed_at = readable.changed_at
            and ticket_versions.known_at = readable.known_at
    where ticket_versions.known_at >= {{ add_days(as_of_date(), -28) }}
    -- one of three rows is no share yet: the rows count as 20 at least
    {%- for table_name, relation, column, field in fields %}
    {%- set value = 'reported.' ~ column %}
    {%- set value = 'cast(' ~ value ~ ' as ' ~ column_type('varchar') ~ ')'
        if field == 'nps_score' else value %}
    union all
    select
        '{{ table_name }}_put_aside' as check_name,
        1.0 * count(case when words.reported_value is null then 1 end)
        / case when count(*) > 0 then greatest(count(*), 20) end as measured_value
    from {{ relation }} as reported
    left join words
        on words.field = '{{ field }}' and {{ value }} = words.reported_value
    where
        reported.known_at >= {{ add_days(as_of_date(), -28) }}
        and reported.{{ column }} is not null
        {%- if table_name == 'meetings' %}
        and reported.task_type = 'Meeting' and not reported.is_deleted
        {%- endif %}
    {%- endfor %}

)

select * from measured
