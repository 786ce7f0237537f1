with words as (

    select * from {{ ref('reported_values') }}

),

reported as (

    select
        'subscription_status' as field,
        versions.status as reported_value,
        versions.subscription_id as row_id
    from {{ ref('stg_subscription__subscription_versions') }} as versions
    union all
    select
        'billing_interval' as field,
        items.billing_interval as reported_value,
        items.subscription_id as row_id
    from {{ ref('stg_subscription__subscription_item_versions') }} as items
    union all
    select
        'invoice_status' as field,
        invoices.status as reported_value,
        invoices.invoice_id as row_id
    from {{ ref('stg_subscription__invoice_versions') }} as invoices
    union all
    select
        'ticket_status' as field,
        tickets.status as reported_value,
        tickets.ticket_id as row_id
    from {{ ref('stg_support__ticket_versions') }} as tickets
    union all
    select
        'ticket_priority' as field,
        tickets.priority as reported_value,
        tickets.ticket_id as row_id
    from {{ ref('stg_support__ticket_versions') }} as tickets
    union all
    select
        'rating_score' as field,
        ratings.score as reported_value,
        ratings.rating_id as row_id
    from {{ ref('stg_support__satisfaction_rating_versions') }} as ratings
    union all
    select
        'review_status' as field,
        reviews.status as reported_value,
        reviews.review_id as row_id
    from {{ ref('stg_engagement__business_review_versions') }} as reviews
    union all
    select
        'enrolment_status' as field,
        enrolments.status as reported_value,
        enrolments.enrolment_id as row_id
    from {{ ref('stg_preparedness__course_enrolment_versions') }} as enrolments
    union all
    select
        'intervention_status' as field,
        interventions.status as reported_value,
        interventions.intervention_id as row_id
    from {{ ref('stg_operations__intervention_versions') }} as interventions
    union all
    select
        'key_contact_role' as field,
        changes.role as reported_value,
        changes.change_id as row_id
    from {{ ref('stg_engagement__key_contact_changes') }} as changes
    union all
    select
        'key_contact_change' as field,
        changes.change_type as reported_value,
        changes.change_id as row_id
    from {{ ref('stg_engagement__key_contact_changes') }} as changes
    union all
    select
        'meeting_status' as field,
        tasks.status as reported_value,
        tasks.task_id as row_id
    from {{ ref('stg_engagement__task_versions') }} as tasks
    where tasks.task_type = 'Meeting' and not tasks.is_deleted
    union all
    select
        'nps_score' as field,
        cast(answers.score as {{ column_type('varchar') }}) as reported_value,
        answers.response_id as row_id
    from {{ ref('stg_sentiment__nps_response_versions') }} as answers

),

counted as (

    select
        reported.field,
        reported.reported_value,
        count(*) as row_count,
        min(reported.row_id) as example_id
    from reported
    where reported.reported_value is not null
    group by reported.field, reported.reported_value

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
