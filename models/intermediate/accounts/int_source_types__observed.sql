{% set inputs = [
    ('subscription', ref('stg_subscription__subscription_versions')),
    ('support', ref('stg_support__ticket_versions')),
    ('sentiment', ref('stg_sentiment__nps_response_versions')),
    ('preparedness', ref('stg_preparedness__onboarding_step_versions')),
    ('preparedness', ref('stg_preparedness__course_enrolment_versions')),
    ('engagement', ref('stg_engagement__task_versions')),
    ('engagement', ref('stg_engagement__key_contact_changes')),
] -%}

with known as (

    select
        'usage' as source_type,
        event_landings.known_date as first_date,
        cast(event_landings.last_known_at as date) as last_date
    from {{ ref('int_event_landings__counted') }} as event_landings
    {%- for source_type, relation in inputs %}
    union all
    select
        '{{ source_type }}' as source_type,
        cast(min(records.known_at) as date) as first_date,
        cast(max(records.known_at) as date) as last_date
    from {{ relation }} as records
    {%- endfor %}

),

observed as (

    select
        known.source_type,
        min(known.first_date) as observed_from_date,
        max(known.last_date) as latest_known_date
    from known
    where
        known.first_date is not null
        {%- if var('source_types_off') %}
        and known.source_type not in ('{{ var("source_types_off") | join("', '") }}')
        {%- endif %}
    group by known.source_type

)

select * from observed
