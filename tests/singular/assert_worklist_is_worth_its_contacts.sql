{{ config(group='risk') }}
-- Where the list goes by value, each account of it is expected to save more than a contact costs;
-- the value is the account's share of its ARR at risk; one that is left out says why, and rightly.
with reported as (

    select * from {{ ref('rpt_at_risk_accounts') }}

),

assumed as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

)

select
    reported.account_id,
    reported.worklist_status,
    reported.expected_saved_usd
from reported
cross join assumed
where
    abs(reported.expected_saved_usd - reported.arr_at_risk_usd * assumed.save_effect) > 0.01
    or reported.is_above_fixed_threshold <> (reported.churn_probability >= assumed.fixed_threshold)
    or reported.is_on_worklist <> (reported.worklist_status = 'listed')
    or reported.is_on_worklist <> (reported.list_rank is not null)
    or (
        assumed.list_rule = 'expected_value'
        and reported.worklist_status in ('listed', 'no slot left')
        and reported.expected_saved_usd <= assumed.contact_cost_usd
    )
    or (
        reported.worklist_status = 'not worth a contact'
        and reported.expected_saved_usd > assumed.contact_cost_usd
    )
