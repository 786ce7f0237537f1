with ratings as (

    {{ first_readings('zendesk_dlt', 'satisfaction_ratings', 'id', 'updated_at', '_dlt_load_id') }}

)

select
    ratings.id,
    ratings.ticket_id,
    ratings.score,
    ratings.created_at,
    ratings.updated_at,
    {{ load_time('ratings._dlt_load_id') }} as _extracted_at
from ratings
