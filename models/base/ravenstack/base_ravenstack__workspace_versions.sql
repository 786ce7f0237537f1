with source as (

    {{ landed('ravenstack', 'subscriptions') }}

),

renamed as (

    select
        -- use is recorded per subscription, so a subscription is the place where it happens
        source.subscription_id as workspace_id,
        source.account_id,
        cast(null as {{ column_type('varchar') }}) as region,
        cast(source.start_date as timestamp) as created_at,
        cast(source.start_date as timestamp) as changed_at,
        cast(source.start_date as timestamp) as known_at,
        false as is_deleted
    from source

)

select * from renamed
