with predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where target = 'churn' and as_of_date <= {{ as_of_date() }}

),

rules as (

    select
        max(case
            when outlook_rules.rule_name = 'flow_window_days' then outlook_rules.rule_value
        end) as flow_window_days,
        max(case
            when outlook_rules.rule_name = 'smallest_window_days' then outlook_rules.rule_value
        end) as smallest_window_days
    from {{ ref('outlook_rules') }} as outlook_rules

),

-- what had changed before the exports began came with the first of them
observed as (

    select {{ add_days('source_types.observed_from_date', 1) }} as observed_from_date
    from {{ ref('int_source_types__observed') }} as source_types
    where source_types.source_type = 'subscription'

),

nights as (

    select
        predictions.as_of_date,
        predictions.run_id,
        predictions.model_version,
        predictions.is_replayed,
        greatest(
            observed.observed_from_date,
            {{ add_days('predictions.as_of_date', '-cast(rules.flow_window_days as integer)') }}
        ) as window_date
    from predictions
    cross join rules
    cross join observed
    group by
        predictions.as_of_date, predictions.run_id, predictions.model_version,
        predictions.is_replayed, observed.observed_from_date, rules.flow_window_days

),

arr_days as (

    select
        features.as_of_date,
        12 * {{ exact_sum('features.mrr') }} as arr_usd
    from {{ ref('feat_accounts_daily') }} as features
    where features.is_paying
    group by features.as_of_date

),

flows as (

    select
        nights.as_of_date,
        {{ days_between('nights.window_date', 'nights.as_of_date') }} as window_days,
        sum(case when changes.change_kind = 'new' then changes.change_arr_usd else 0 end)
            as new_arr_usd,
        sum(case when changes.change_kind = 'contraction' then -changes.change_arr_usd else 0 end)
            as lost_arr_usd,
        sum(case when changes.change_kind = 'smaller rise' then changes.change_arr_usd else 0 end)
            as smaller_arr_usd,
        sum(case when changes.change_kind = 'expansion' then changes.change_arr_usd else 0 end)
            as expansion_arr_usd,
        sum(case when changes.change_kind = 'expansion' then changes.before_arr_usd else 0 end)
            as expanded_arr_usd
    from nights
    left join {{ ref('int_arr_changes__dated') }} as changes
        on
            nights.window_date < changes.known_date
            and nights.as_of_date >= changes.known_date
    group by nights.as_of_date, nights.window_date

),

weighed as (

    select
        nights.run_id,
        nights.model_version,
        nights.is_replayed,
        flows.*,
        flows.window_days * (started.arr_usd + ended.arr_usd) / 2 as arr_times_days
    from nights
    inner join flows
        on nights.as_of_date = flows.as_of_date
    inner join arr_days as started
        on nights.window_date = started.as_of_date
    inner join arr_days as ended
        on nights.as_of_date = ended.as_of_date
    cross join rules
    where flows.window_days >= rules.smallest_window_days

),

measured as (

    select
        weighed.as_of_date,
        weighed.run_id,
        weighed.model_version,
        weighed.is_replayed,
        {{ ratio('weighed.new_arr_usd', 'weighed.window_days') }} as new_arr_usd_a_day,
        {{ ratio('weighed.lost_arr_usd', 'weighed.arr_times_days') }} as contraction_rate,
        {{ ratio('weighed.smaller_arr_usd', 'weighed.arr_times_days') }} as smaller_rise_rate,
        {{ ratio('weighed.expansion_arr_usd', 'weighed.arr_times_days') }} as expansion_rate,
        coalesce({{ ratio('weighed.expansion_arr_usd', 'weighed.expanded_arr_usd') }}, 0)
            as expansion_size
    from weighed

)

select * from measured
