with first_reasons as (

    select * from {{ ref('rpt_risk_reasons') }}
    where reason_number = 1

),

chosen as (

    select
        first_reasons.account_id,
        first_reasons.model_version,
        playbooks.playbook,
        playbooks.saveability
    from first_reasons
    inner join {{ ref('reason_playbooks') }} as reason_playbooks
        on first_reasons.reason_group = reason_playbooks.reason_group
    inner join {{ ref('playbooks') }} as playbooks
        on reason_playbooks.playbook = playbooks.playbook

)

select * from chosen
