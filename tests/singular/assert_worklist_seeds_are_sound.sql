-- Each row is a sentence that the night stops with.
with suppressions as (

    select
        worklist_suppressions.*,
        coalesce(worklist_suppressions.account_id, 'nobody') as account
    from {{ ref('worklist_suppressions') }} as worklist_suppressions

),

targets as (

    select 'expansion' as target
    union all
    select 'conversion' as target

),

faults as (

    select
        'seed worklist_suppressions: the row of ' || suppressions.account || ' has no ' || case
            when suppressions.account_id is null then 'account_id'
            when suppressions.author is null then 'author'
            when suppressions.reason is null then 'reason'
            when suppressions.from_date is null then 'from_date'
            else 'until_date'
        end as fault_told
    from suppressions
    where
        suppressions.account_id is null
        or suppressions.author is null
        or suppressions.reason is null
        or suppressions.from_date is null
        or suppressions.until_date is null
    union all
    select
        'seed worklist_suppressions: the row of ' || suppressions.account
        || ' ends before it begins' as fault_told
    from suppressions
    where suppressions.until_date <= suppressions.from_date
    union all
    select distinct
        'seed reason_playbooks: no playbook answers the reason group '
        || feature_groups.reason_group as fault_told
    from {{ ref('feature_groups') }} as feature_groups
    left join {{ ref('reason_playbooks') }} as reason_playbooks
        on feature_groups.reason_group = reason_playbooks.reason_group
    where reason_playbooks.reason_group is null
    union all
    select
        'seed reason_playbooks: reason group ' || answered.reason_group || ' has playbook '
        || coalesce(answered.playbook, 'of no name')
        || ', which seed playbooks does not hold: rows of a source replace all rows of any'
            as fault_told
    from {{ ref('reason_playbooks') }} as answered
    left join {{ ref('playbooks') }} as playbooks
        on answered.playbook = playbooks.playbook
    where playbooks.playbook is null
    union all
    select
        'seed lead_bands: ' || targets.target
        || ' has no colour from min_lift 0 on, so that accounts would have none' as fault_told
    from targets
    left join {{ ref('lead_bands') }} as bands
        on targets.target = bands.target and bands.min_lift = 0
    where bands.target is null
    union all
    select
        'seed lead_capacity: ' || targets.target
        || ' has no row default with slots: rows of a source replace all rows of any'
            as fault_told
    from targets
    left join {{ ref('lead_capacity') }} as capacities
        on targets.target = capacities.target and capacities.owner_id = 'default'
    where capacities.slots is null
    union all
    select
        'seed csm_capacity: there is no row default: '
        || 'rows of a source replace all rows of any' as fault_told
    from {{ ref('csm_capacity') }} as capacities
    where capacities.csm_id = 'default'
    having count(*) = 0
    union all
    select 'seed worklist_rules: there is no cool_down, in days' as fault_told
    from {{ ref('worklist_rules') }} as rules
    where rules.rule_name = 'cool_down'
    having max(rules.rule_value) is null
)

select * from faults
