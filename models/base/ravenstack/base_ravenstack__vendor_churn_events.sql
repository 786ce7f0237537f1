with source as (

    {{ landed('ravenstack', 'churn_events') }}

),

renamed as (

    select
        source.churn_event_id,
        source.account_id,
        source.reason_code,
        cast(source.churn_date as timestamp) as churned_at,
        cast(source.churn_date as timestamp) as known_at
    from source

)

select * from renamed
