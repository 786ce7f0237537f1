-- No manager is handed more accounts than there are slots, and nobody is skipped: an account of the
-- list has no one riskier of the same manager off it.
with reported as (

    select * from {{ ref('rpt_at_risk_accounts') }}

),

capacities as (

    select * from {{ ref('csm_capacity') }}

),

per_manager as (

    select
        reported.csm_id,
        sum(case when reported.is_on_worklist then 1 else 0 end) as listed_count,
        max(case when reported.is_on_worklist then reported.risk_rank end) as last_listed_rank,
        min(case when not reported.is_on_worklist then reported.risk_rank end)
            as first_unlisted_rank
    from reported
    group by reported.csm_id

)

select per_manager.*
from per_manager
left join capacities as own_capacity
    on per_manager.csm_id = own_capacity.csm_id
left join capacities as team_capacity
    on team_capacity.csm_id = 'default'
where
    per_manager.listed_count > coalesce(own_capacity.slots, team_capacity.slots)
    or per_manager.last_listed_rank > per_manager.first_unlisted_rank
