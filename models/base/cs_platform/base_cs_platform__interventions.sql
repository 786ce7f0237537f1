with source as (

    {{ landed('cs_platform', 'interventions') }}

),

renamed as (

    select distinct
        source.id as intervention_id,
        source.account_id,
        source.csm_id,
        source.playbook,
        source.channel,
        source.risk_reason,
        lower(source.status) as status,
        source.outcome,
        source.minutes,
        source.occurred_at,
        source.created_at,
        source.updated_at as changed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
