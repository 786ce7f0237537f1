with source as (

    {{ landed('academy', 'course_enrolments') }}

),

renamed as (

    select distinct
        source.id as enrolment_id,
        source.account_id,
        source.contact_id,
        source.course_name,
        lower(source.status) as status,
        source.invited_at,
        source.attended_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
