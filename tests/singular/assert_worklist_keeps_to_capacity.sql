{{ config(group='risk') }}
-- No manager is handed more accounts than there are slots, and nobody is skipped: an account that
-- found no slot is worth less, by the rule in use, than those that have the same manager's slots.
with reported as (

    select * from {{ ref('rpt_at_risk_accounts') }}

),

capacities as (

    select * from {{ ref('csm_capacity') }}

),

rules as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

weighed as (

    select
        reported.csm_id,
        reported.worklist_status,
        reported.is_on_worklist,
        case
            when rules.list_rule = 'expected_value' then reported.expected_saved_usd
            else reported.churn_probability
        end as weight
    from reported
    cross join rules

),

per_manager as (

    select
        weighed.csm_id,
        sum(case when weighed.is_on_worklist then 1 else 0 end) as listed_count,
        min(case when weighed.is_on_worklist then weighed.weight end) as least_listed,
        max(case when weighed.worklist_status = 'no slot left' then weighed.weight end)
            as most_unlisted
    from weighed
    group by weighed.csm_id

)

select per_manager.*
from per_manager
left join capacities as own_capacity
    on per_manager.csm_id = own_capacity.csm_id
left join capacities as team_capacity
    on team_capacity.csm_id = 'default'
where
    per_manager.listed_count > coalesce(own_capacity.slots, team_capacity.slots)
    or per_manager.least_listed < per_manager.most_unlisted
    or (
        per_manager.most_unlisted is not null
        and per_manager.listed_count < coalesce(own_capacity.slots, team_capacity.slots)
    )
