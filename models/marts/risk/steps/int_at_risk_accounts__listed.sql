with ranked as (

    select * from {{ ref('int_at_risk_accounts__ranked') }}

),

assumed as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

valued as (

    select
        ranked.*,
        assumed.list_rule,
        assumed.contact_cost_usd,
        cast(ranked.churn_probability * ranked.arr_usd * assumed.save_effect as decimal(18, 2))
            as expected_saved_usd,
        ranked.churn_probability >= assumed.fixed_threshold as is_above_fixed_threshold
    from ranked
    cross join assumed

),

weighed as (

    select
        valued.*,
        valued.is_worked
        and valued.expected_saved_usd > valued.contact_cost_usd as is_worth_a_contact
    from valued

),

-- only those that may take a slot are counted
placed as (

    select
        weighed.*,
        row_number() over (
            partition by weighed.csm_id, weighed.is_worth_a_contact
            order by
                weighed.expected_saved_usd desc, weighed.churn_probability desc,
                weighed.account_id asc
        ) as value_place,
        row_number() over (
            partition by weighed.csm_id, weighed.is_worked order by weighed.risk_rank
        ) as risk_place,
        row_number() over (
            partition by weighed.csm_id, weighed.is_above_fixed_threshold
            order by weighed.risk_rank
        ) as threshold_place
    from weighed

),

-- a model without signal makes no list
cut as (

    select
        placed.*,
        placed.is_trusted
        and placed.is_worth_a_contact
        and placed.value_place <= placed.csm_slots as is_on_list_by_value,
        placed.is_trusted
        and placed.is_worked
        and placed.risk_place <= placed.csm_slots as is_on_list_by_risk,
        placed.is_trusted
        and placed.is_above_fixed_threshold
        and placed.threshold_place <= placed.csm_slots as is_on_list_by_threshold
    from placed

),

chosen as (

    select
        cut.*,
        case cut.list_rule
            when 'expected_value' then cut.is_on_list_by_value
            when 'risk' then cut.is_on_list_by_risk
            else cut.is_on_list_by_threshold
        end as is_on_worklist,
        case cut.list_rule
            when 'expected_value' then cut.value_place
            when 'risk' then cut.risk_place
            else cut.threshold_place
        end as place
    from cut

),

listed as (

    select
        chosen.run_id,
        chosen.model_version,
        chosen.as_of_date,
        chosen.account_id,
        chosen.account_name,
        chosen.life_number,
        chosen.churn_probability,
        chosen.risk_rank,
        chosen.risk_tier,
        chosen.arr_usd,
        chosen.renewal_date,
        chosen.csm_id,
        chosen.csm_slots,
        chosen.expected_saved_usd,
        chosen.list_rule,
        chosen.is_on_list_by_value,
        chosen.is_on_list_by_risk,
        chosen.is_above_fixed_threshold,
        chosen.is_on_worklist,
        case when chosen.is_on_worklist then chosen.place end as list_rank,
        case
            when chosen.is_on_worklist then 'listed'
            when not chosen.is_trusted then 'no signal'
            when chosen.list_rule = 'fixed_threshold' and not chosen.is_above_fixed_threshold
                then 'below threshold'
            when chosen.list_rule <> 'fixed_threshold' and not chosen.is_worked then 'low risk'
            when chosen.list_rule = 'expected_value' and not chosen.is_worth_a_contact
                then 'not worth a contact'
            else 'no slot left'
        end as worklist_status
    from chosen

)

select * from listed
