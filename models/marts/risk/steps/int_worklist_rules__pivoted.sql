with rules as (

    select * from {{ ref('worklist_rules') }}

),

pivoted as (

    select
        max(case when rules.is_in_use then rules.rule_name end) as list_rule,
        max(case when rules.rule_name = 'fixed_threshold' then rules.rule_value end)
            as fixed_threshold,
        max(case when rules.rule_name = 'contact_cost' then rules.rule_value end)
            as contact_cost_usd,
        max(case when rules.rule_name = 'save_effect' then rules.rule_value end) as save_effect,
        max(case when rules.rule_name = 'cool_down' then rules.rule_value end) as cool_down_days,
        max(case when rules.rule_name = 'smallest_reason' then rules.rule_value end)
            as smallest_reason,
        max(case when rules.rule_name = 'smallest_change' then rules.rule_value end)
            as smallest_change,
        max(case when rules.rule_name = 'smallest_peer_group' then rules.rule_value end)
            as smallest_peer_group
    from rules

)

select * from pivoted
