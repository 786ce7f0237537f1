with source as (

    {{ landed('ravenstack', 'support_tickets') }}

),

renamed as (

    select
        source.ticket_id as rating_id,
        source.ticket_id,
        case when source.satisfaction_score >= 4 then 'good' else 'bad' end as score,
        -- when the customer answered is not recorded: the close is the earliest moment
        source.closed_at as created_at,
        source.closed_at as changed_at,
        source.closed_at as known_at
    from source
    where source.satisfaction_score is not null

)

select * from renamed
