{{ config(materialized='view') }}

with worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where list_rule is not null

),

rules as (

    select * from {{ ref('worklist_rules') }}
    where kind = 'list'

),

applied as (

    select
        worklists.as_of_date,
        worklists.account_id,
        worklists.csm_id,
        worklists.csm_slots,
        worklists.list_rule,
        rules.rule_name,
        case
            when
                case rules.rule_name
                    when 'expected_value' then worklists.is_on_list_by_value
                    when 'risk' then worklists.is_on_list_by_risk
                    else worklists.is_above_fixed_threshold
                end then 1
            else 0
        end as is_flagged,
        -- decimals: their sums do not depend on the order of the rows
        cast(worklists.churn_probability as decimal(18, 12)) as churn_probability,
        cast(worklists.arr_usd as decimal(18, 2)) as arr_usd,
        cast(worklists.expected_saved_usd as decimal(18, 2)) as expected_saved_usd
    from worklists
    cross join rules

)

select * from applied
