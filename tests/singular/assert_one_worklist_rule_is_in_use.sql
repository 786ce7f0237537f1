-- One rule makes the list, and the numbers that the rules need are there.
with rules as (

    select * from {{ ref('worklist_rules') }}

),

counted as (

    select
        sum(case when rules.is_in_use and rules.kind = 'list' then 1 else 0 end) as in_use_count,
        sum(case when rules.is_in_use and rules.kind <> 'list' then 1 else 0 end) as misused_count,
        sum(case
            when
                rules.rule_name in (
                    'fixed_threshold', 'contact_cost', 'save_effect', 'smallest_reason'
                )
                and rules.rule_value is not null then 1
            else 0
        end) as numbers_count
    from rules

)

select * from counted
where counted.in_use_count <> 1 or counted.misused_count <> 0 or counted.numbers_count <> 4
