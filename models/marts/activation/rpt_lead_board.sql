with predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where as_of_date = {{ as_of_date() }} and target in ('expansion', 'conversion')

),

model_runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

at_risk as (

    select * from {{ ref('rpt_at_risk_accounts') }}
    where is_on_worklist

),

signals as (

    select
        signals.account_id,
        signals.evidence,
        row_number() over (
            partition by signals.account_id order by signals.signal_name
        ) as signal_number
    from {{ ref('fct_account_signals') }} as signals
    where signals.as_of_date = {{ as_of_date() }} and signals.kind = 'expansion'

),

evidence as (

    select
        signals.account_id,
        max(case when signals.signal_number = 1 then signals.evidence end)
        || coalesce(max(case when signals.signal_number = 2 then '; ' || signals.evidence end), '')
            as evidence
    from signals
    group by signals.account_id

),

reasons as (

    select * from {{ ref('int_lead_reasons__worded') }}

),

typical as (

    select * from {{ ref('int_lead_values__averaged') }}

),

limits as (

    select
        max(case when rules.rule_name = 'smallest_peer_group' then rules.rule_value end)
            as smallest_group,
        max(case when rules.rule_name = 'cool_down' then rules.rule_value end) as cool_down_days
    from {{ ref('worklist_rules') }} as rules

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

bands as (

    select * from {{ ref('lead_bands') }}

),

capacities as (

    select * from {{ ref('lead_capacity') }}

),

-- decimals: a mean that does not depend on the order of the rows
scored as (

    select
        predictions.run_id,
        predictions.model_version,
        predictions.target,
        predictions.account_id,
        predictions.probability,
        coalesce(
            predictions.probability / nullif(
                avg(cast(predictions.probability as decimal(18, 12))) over (
                    partition by predictions.target
                ), 0
            ), 0
        ) as lift,
        {{ json_text('model_runs.metrics', ['verdict']) }} = 'ok' as is_trusted
    from predictions
    inner join model_runs
        on predictions.model_version = model_runs.model_version

),

banded as (

    select
        scored.account_id,
        scored.target,
        max(bands.min_lift) as min_lift
    from scored
    inner join bands
        on scored.target = bands.target and scored.lift >= bands.min_lift
    group by scored.account_id, scored.target

),

valued as (

    select
        scored.run_id,
        scored.model_version,
        scored.target,
        scored.account_id,
        accounts.account_name,
        coalesce(accounts.segment, 'unknown') as segment,
        accounts.csm_id as owner_id,
        scored.probability,
        scored.lift,
        scored.is_trusted,
        bands.colour_band,
        bands.is_worked,
        reasons.reason,
        case scored.target
            when 'expansion' then evidence.evidence
            else
                {{ phrase_number('features.avg_dau_7d', "'digits'") }} || ' users a day in 7 days, '
                || {{ phrase_number('features.features_adopted', "'whole'") }}
                || ' kinds of feature in 30'
        end as evidence,
        cast(
            case scored.target
                when 'expansion'
                    then
                        features.mrr * 12 * coalesce(of_segment.arr_ratio, of_all.arr_ratio)
                else coalesce(of_segment.arr_usd, of_all.arr_usd)
            end as decimal(18, 2)
        ) as value_usd,
        at_risk.account_id is not null as is_at_risk,
        suppressed.account_id is not null as is_suppressed,
        coalesce(
            {{ days_between('contacted.contact_date', as_of_date()) }} <= limits.cool_down_days,
            false
        ) as is_cooling_down,
        coalesce(own_capacity.slots, team_capacity.slots) as slots
    from scored
    cross join limits
    inner join features
        on scored.account_id = features.account_id
    left join accounts
        on scored.account_id = accounts.account_id
    left join banded
        on scored.account_id = banded.account_id and scored.target = banded.target
    left join bands
        on banded.target = bands.target and banded.min_lift = bands.min_lift
    left join reasons
        on
            scored.account_id = reasons.account_id
            and scored.model_version = reasons.model_version
    left join evidence
        on scored.account_id = evidence.account_id
    left join typical as of_segment
        on
            scored.target = of_segment.target
            and accounts.segment = of_segment.segment
            and of_segment.cases_count >= limits.smallest_group
    left join typical as of_all
        on scored.target = of_all.target and of_all.segment = 'all'
    left join at_risk
        on scored.account_id = at_risk.account_id
    left join suppressed
        on scored.account_id = suppressed.account_id
    left join contacted
        on scored.account_id = contacted.account_id
    left join capacities as own_capacity
        on scored.target = own_capacity.target and accounts.csm_id = own_capacity.owner_id
    left join capacities as team_capacity
        on scored.target = team_capacity.target and team_capacity.owner_id = 'default'

),

weighed as (

    select
        valued.*,
        cast(valued.probability * valued.value_usd as decimal(18, 2)) as expected_value_usd,
        case
            when not valued.is_trusted then 'no signal'
            when not valued.is_worked then 'unlikely'
            when valued.is_at_risk then 'on the worklist'
            when valued.is_suppressed then 'suppressed'
            when valued.is_cooling_down then 'contacted lately'
        end as left_out
    from valued

),

placed as (

    select
        weighed.*,
        row_number() over (
            partition by
                weighed.target, weighed.owner_id,
                case when weighed.left_out is null then 1 else 0 end
            order by
                coalesce(weighed.expected_value_usd, 0) desc, weighed.probability desc,
                weighed.account_id asc
        ) as place
    from weighed

),

listed as (

    select
        placed.target,
        placed.account_id,
        placed.account_name,
        {{ as_of_date() }} as as_of_date,
        placed.segment,
        placed.owner_id,
        placed.probability,
        placed.lift,
        case when placed.is_trusted then placed.colour_band else 'grey' end as colour_band,
        placed.value_usd,
        placed.expected_value_usd,
        placed.reason,
        placed.evidence,
        placed.left_out is null and placed.place <= placed.slots as is_on_list,
        case when placed.left_out is null and placed.place <= placed.slots then placed.place end
            as list_rank,
        case
            when placed.left_out is not null then placed.left_out
            when placed.place <= placed.slots then 'listed'
            else 'no slot left'
        end as lead_status,
        placed.model_version,
        placed.run_id
    from placed

)

select {{ contract_columns('listed') }}
from listed
