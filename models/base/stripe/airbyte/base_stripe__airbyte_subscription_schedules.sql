with schedules as (

    {{ landed('stripe_airbyte', 'subscription_schedule') }}

),

read_rows as (

    select
        schedules.id,
        schedules.subscription,
        schedules.status,
        schedules.end_behavior,
        schedules.phases,
        schedules.livemode,
        schedules.created,
        coalesce(schedules.updated, {{ timestamp_to_epoch('schedules._airbyte_extracted_at') }})
            as updated,
        schedules._airbyte_extracted_at as _extracted_at
    from schedules

)

{{ new_versions('read_rows') }}
