with ranked as (

    select * from {{ ref('int_at_risk_accounts__ranked') }}

),

assumed as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

playbooks as (

    select * from {{ ref('int_playbooks__assigned') }}

),

suppressed as (

    select distinct suppressions.account_id
    from {{ ref('worklist_suppressions') }} as suppressions
    where
        suppressions.from_date <= {{ as_of_date() }}
        and suppressions.until_date > {{ as_of_date() }}

),

contacted as (

    select
        interventions.account_id,
        max(interventions.done_date) as contact_date
    from {{ ref('fct_interventions') }} as interventions
    group by interventions.account_id

),

valued as (

    select
        ranked.*,
        assumed.list_rule,
        assumed.contact_cost_usd,
        playbooks.playbook,
        cast(
            ranked.churn_probability * ranked.arr_usd
            * coalesce(playbooks.saveability, assumed.save_effect) as decimal(18, 2)
        ) as expected_saved_usd,
        ranked.churn_probability >= assumed.fixed_threshold as is_above_fixed_threshold,
        suppressed.account_id is not null as is_suppressed,
        coalesce(
            {{ days_between('contacted.contact_date', as_of_date()) }} <= assumed.cool_down_days,
            false
        ) as is_cooling_down
    from ranked
    cross join assumed
    left join playbooks
        on
            ranked.account_id = playbooks.account_id
            and ranked.model_version = playbooks.model_version
    left join suppressed
        on ranked.account_id = suppressed.account_id
    left join contacted
        on ranked.account_id = contacted.account_id

),

-- a model without signal makes no list
weighed as (

    select
        valued.*,
        valued.is_trusted
        and valued.is_worked
        and valued.expected_saved_usd > valued.contact_cost_usd as is_worth_a_contact,
        valued.is_trusted and valued.is_worked as is_worth_by_risk,
        valued.is_trusted and valued.is_above_fixed_threshold as is_worth_by_threshold,
        not valued.is_suppressed and not valued.is_cooling_down as is_free
    from valued

),

-- only those that may take a slot are counted
placed as (

    select
        weighed.*,
        {%- for free in ['is_free', 'is_suppressed'] %}
        {%- set of = {'is_free': 'place', 'is_suppressed': 'place_before_contacts'}[free] %}
        row_number() over (
            partition by weighed.csm_id, weighed.is_worth_a_contact, weighed.{{ free }}
            order by
                weighed.expected_saved_usd desc, weighed.churn_probability desc,
                weighed.account_id asc
        ) as value_{{ of }},
        row_number() over (
            partition by weighed.csm_id, weighed.is_worth_by_risk, weighed.{{ free }}
            order by weighed.risk_rank
        ) as risk_{{ of }},
        row_number() over (
            partition by weighed.csm_id, weighed.is_worth_by_threshold, weighed.{{ free }}
            order by weighed.risk_rank
        ) as threshold_{{ of }}{{ ',' if not loop.last }}
        {%- endfor %}
    from weighed

),

cut as (

    select
        placed.*,
        placed.is_free
        and placed.is_worth_a_contact
        and placed.value_place <= placed.csm_slots as is_on_list_by_value,
        placed.is_free
        and placed.is_worth_by_risk
        and placed.risk_place <= placed.csm_slots as is_on_list_by_risk,
        placed.is_free
        and placed.is_worth_by_threshold
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
        end as place,
        -- it would hold a slot, had it not been contacted
        cut.is_cooling_down
        and not cut.is_suppressed
        and case cut.list_rule
            when 'expected_value'
                then cut.is_worth_a_contact and cut.value_place_before_contacts <= cut.csm_slots
            when 'risk'
                then cut.is_worth_by_risk and cut.risk_place_before_contacts <= cut.csm_slots
            else
                cut.is_worth_by_threshold
                and cut.threshold_place_before_contacts <= cut.csm_slots
        end as is_followed
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
        chosen.is_on_worklist or chosen.is_followed as is_flagged,
        chosen.playbook,
        case when chosen.is_on_worklist then chosen.place end as list_rank,
        case
            when chosen.is_on_worklist then 'listed'
            when not chosen.is_trusted then 'no signal'
            when chosen.list_rule = 'fixed_threshold' and not chosen.is_above_fixed_threshold
                then 'below threshold'
            when chosen.list_rule <> 'fixed_threshold' and not chosen.is_worked then 'low risk'
            when chosen.list_rule = 'expected_value' and not chosen.is_worth_a_contact
                then 'not worth a contact'
            when chosen.is_suppressed then 'suppressed'
            when chosen.is_cooling_down then 'contacted lately'
            else 'no slot left'
        end as worklist_status
    from chosen

)

select * from listed
