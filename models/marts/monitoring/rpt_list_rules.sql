with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where target = 'churn' and is_weekly_cohort

),

outcomes as (

    select * from {{ ref('fct_prediction_outcomes') }}
    where target = 'churn'

),

worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where list_rule is not null

),

rules as (

    select * from {{ ref('worklist_rules') }}
    where kind = 'list'

),

ruled as (

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

),

per_manager as (

    select
        nights.target,
        nights.week_start_date,
        nights.as_of_date,
        nights.model_version,
        nights.matured_date,
        ruled.rule_name,
        ruled.list_rule,
        sum(ruled.is_flagged) as flagged_count,
        least(sum(ruled.is_flagged), max(ruled.csm_slots)) as contacts_count,
        sum(ruled.is_flagged * ruled.arr_usd) as flagged_arr_usd,
        sum(ruled.is_flagged * ruled.expected_saved_usd) as expected_saved_usd,
        sum(ruled.is_flagged * ruled.churn_probability) as expected_churned_count,
        sum(case when outcomes.is_positive is not null then ruled.is_flagged end) as judged_count,
        sum(outcomes.is_positive) as all_churned_count,
        sum(outcomes.is_positive * ruled.arr_usd) as all_churned_arr_usd,
        sum(outcomes.is_positive * ruled.is_flagged) as churned_count,
        sum(outcomes.is_positive * ruled.is_flagged * ruled.arr_usd) as churned_arr_usd
    from nights
    inner join ruled
        on nights.as_of_date = ruled.as_of_date
    left join outcomes
        on
            ruled.as_of_date = outcomes.as_of_date
            and ruled.account_id = outcomes.account_id
    group by
        nights.target, nights.week_start_date, nights.as_of_date, nights.model_version,
        nights.matured_date, ruled.rule_name, ruled.list_rule, ruled.csm_id

),

summed as (

    select
        per_manager.target,
        per_manager.week_start_date,
        per_manager.as_of_date,
        per_manager.model_version,
        per_manager.matured_date,
        per_manager.rule_name,
        per_manager.rule_name = per_manager.list_rule as is_in_use,
        sum(per_manager.flagged_count) as flagged_count,
        sum(per_manager.contacts_count) as contacts_count,
        sum(per_manager.flagged_arr_usd) as flagged_arr_usd,
        sum(per_manager.expected_saved_usd) as expected_saved_usd,
        sum(per_manager.expected_churned_count) as expected_churned_count,
        sum(per_manager.judged_count) as judged_count,
        sum(per_manager.all_churned_count) as all_churned_count,
        sum(per_manager.all_churned_arr_usd) as all_churned_arr_usd,
        sum(per_manager.churned_count) as churned_count,
        sum(per_manager.churned_arr_usd) as churned_arr_usd
    from per_manager
    group by
        per_manager.target, per_manager.week_start_date, per_manager.as_of_date,
        per_manager.model_version, per_manager.matured_date, per_manager.rule_name,
        per_manager.list_rule

),

judged as (

    select
        summed.*,
        {{ ratio('summed.churned_count', 'summed.judged_count') }} as precision_ratio,
        {{ ratio('summed.churned_count', 'summed.all_churned_count') }} as recall_ratio,
        {{ ratio('summed.churned_arr_usd', 'summed.all_churned_arr_usd') }} as arr_recall_ratio
    from summed

)

select {{ contract_columns('judged') }}
from judged
