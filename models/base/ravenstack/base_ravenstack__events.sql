with source as (

    {{ landed('ravenstack', 'feature_usage') }}

),

renamed as (

    select
        source.usage_id as event_id,
        source.subscription_id as user_id,
        source.subscription_id as workspace_id,
        source.feature_name as event_type,
        cast(source.usage_date as timestamp) as occurred_at,
        cast(source.usage_date as timestamp) as known_at,
        source.usage_date as landed_date
    from source

)

select * from renamed
