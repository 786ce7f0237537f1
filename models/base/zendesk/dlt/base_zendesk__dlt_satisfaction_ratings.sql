with ratings as (

    {{ landed('zendesk_dlt', 'satisfaction_ratings') }}

),

numbered as (

    select
        ratings.*,
        row_number() over (
            partition by ratings.id, ratings.updated_at order by ratings._dlt_load_id
        ) as reading_number
    from ratings

)

select
    numbered.id,
    numbered.ticket_id,
    numbered.score,
    numbered.created_at,
    numbered.updated_at,
    {{ load_time('numbered._dlt_load_id') }} as _extracted_at
from numbered
where numbered.reading_number = 1
