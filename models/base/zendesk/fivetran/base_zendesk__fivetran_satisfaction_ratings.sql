with ratings as (

    {{ landed('zendesk_fivetran', 'satisfaction_rating') }}

),

numbered as (

    select
        ratings.*,
        row_number() over (
            partition by ratings.id, ratings.updated_at order by ratings._fivetran_synced
        ) as reading_number
    from ratings

)

select
    numbered.id,
    numbered.ticket_id,
    numbered.score,
    numbered.created_at,
    numbered.updated_at,
    numbered._fivetran_synced as _extracted_at
from numbered
where numbered.reading_number = 1
