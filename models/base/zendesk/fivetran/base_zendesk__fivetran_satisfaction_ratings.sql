with ratings as (

    {{ first_readings(
        'zendesk_fivetran', 'satisfaction_rating', 'id', 'updated_at', '_fivetran_synced'
    ) }}

)

select
    ratings.id,
    ratings.ticket_id,
    ratings.score,
    ratings.created_at,
    ratings.updated_at,
    ratings._fivetran_synced as _extracted_at
from ratings
