with source as (

    {{ landed('ravenstack', 'subscriptions') }}

),

renamed as (

    select
        -- no user is on file: the subscription stands in as its only one
        source.subscription_id as user_id,
        cast(null as {{ column_type('varchar') }}) as email_domain,
        'member' as user_type,
        cast(source.start_date as timestamp) as created_at,
        cast(null as timestamp) as deactivated_at,
        cast(source.start_date as timestamp) as changed_at,
        cast(source.start_date as timestamp) as known_at,
        false as is_deleted
    from source

)

select * from renamed
