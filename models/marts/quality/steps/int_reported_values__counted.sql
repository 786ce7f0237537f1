{% set fields = [
    ('subscription_status', ref('stg_subscription__subscription_versions'), 'status',
        'subscription_id'),
    ('billing_interval', ref('stg_subscription__subscription_item_versions'), 'billing_interval',
        'subscription_id'),
    ('invoice_status', ref('stg_subscription__invoice_versions'), 'status', 'invoice_id'),
    ('ticket_status', ref('stg_support__ticket_versions'), 'status', 'ticket_id'),
    ('ticket_priority', ref('stg_support__ticket_versions'), 'priority', 'ticket_id'),
    ('rating_score', ref('stg_support__satisfaction_rating_versions'), 'score', 'rating_id'),
    ('review_status', ref('stg_engagement__business_review_versions'), 'status', 'review_id'),
    ('enrolment_status', ref('stg_preparedness__course_enrolment_versions'), 'status',
        'enrolment_id'),
    ('intervention_status', ref('stg_operations__intervention_versions'), 'status',
        'intervention_id'),
    ('key_contact_role', ref('stg_engagement__key_contact_changes'), 'role', 'change_id'),
    ('key_contact_change', ref('stg_engagement__key_contact_changes'), 'change_type', 'change_id'),
    ('meeting_status', ref('stg_engagement__task_versions'), 'status', 'task_id'),
    ('nps_score', ref('stg_sentiment__nps_response_versions'), 'score', 'response_id'),
] -%}

with words as (

    select * from {{ ref('reported_values') }}

),

-- each table by itself: to unite the rows of all would cost more than to count them
counted as (

    {%- for field, relation, column, key in fields %}
    {{ 'union all' if not loop.first }}
    select
        '{{ field }}' as field,
        cast(records.{{ column }} as {{ column_type('varchar') }}) as reported_value,
        count(*) as row_count,
        min(records.{{ key }}) as example_id
    from {{ relation }} as records
    where
        records.{{ column }} is not null
        {%- if field == 'meeting_status' %}
        and records.task_type = 'Meeting'
        and not records.is_deleted
        {%- endif %}
    group by records.{{ column }}
    {%- endfor %}

),

mapped as (

    select
        counted.field,
        counted.reported_value,
        counted.row_count,
        counted.example_id,
        words.reported_value is not null as is_mapped
    from counted
    left join words
        on
            counted.field = words.field
            and counted.reported_value = words.reported_value

)

select * from mapped
