with ratings as (

    {{ first_readings(
        'zendesk_airbyte', 'satisfaction_ratings', 'id', 'updated_at', '_airbyte_extracted_at'
    ) }}

)

select
    ratings.id,
    ratings.ticket_id,
    ratings.score,
    ratings.created_at,
    ratings.updated_at,
    ratings._airbyte_extracted_at as _extracted_at
from ratings
