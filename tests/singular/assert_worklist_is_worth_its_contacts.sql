{{ config(group='risk') }}
-- Where the list goes by value, each account of it is expected to save more than a contact costs;
-- the value is what its playbook is assumed to save of its ARR at risk; one that is left out says
-- why, and rightly.
with reported as (

    select
        accounts.*,
        coalesce(playbooks.saveability, assumed.save_effect) as effect,
        assumed.list_rule,
        assumed.contact_cost_usd,
        assumed.fixed_threshold
    from {{ ref('rpt_at_risk_accounts') }} as accounts
    cross join {{ ref('int_worklist_rules__pivoted') }} as assumed
    left join {{ ref('playbooks') }} as playbooks
        on accounts.playbook = playbooks.playbook

)

select
    reported.account_id,
    reported.worklist_status,
    reported.expected_saved_usd
from reported
where
    abs(reported.expected_saved_usd - reported.arr_at_risk_usd * reported.effect) > 0.01
    or reported.is_above_fixed_threshold
    <> (reported.churn_probability >= reported.fixed_threshold)
    or reported.is_on_worklist <> (reported.worklist_status = 'listed')
    or reported.is_on_worklist <> (reported.list_rank is not null)
    or (
        reported.list_rule = 'expected_value'
        and reported.worklist_status
        in ('listed', 'suppressed', 'contacted lately', 'no slot left')
        and reported.expected_saved_usd <= reported.contact_cost_usd
    )
    or (
        reported.worklist_status = 'not worth a contact'
        and reported.expected_saved_usd > reported.contact_cost_usd
    )
