with versions as (

    select
        versions.*,
        words.value as meaning,
        row_number() over (
            partition by versions.intervention_id
            order by versions.changed_at desc, versions.known_at desc
        ) as version_rank
    from {{ ref('stg_operations__intervention_versions') }} as versions
    -- what nobody mapped is put aside and counted (rule reported_value_unmapped)
    inner join {{ ref('reported_values') }} as words
        on versions.status = words.reported_value and words.field = 'intervention_status'
    where versions.known_at < {{ as_of_midnight() }}

),

done as (

    select
        versions.intervention_id,
        versions.account_id,
        versions.csm_id,
        versions.playbook,
        versions.channel,
        versions.risk_reason,
        versions.outcome,
        versions.minutes,
        cast(versions.occurred_at as date) as done_date
    from versions
    where
        versions.version_rank = 1
        and versions.meaning = 'done'
        and versions.occurred_at < {{ as_of_midnight() }}

)

select {{ contract_columns('done') }}
from done
