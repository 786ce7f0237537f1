with nights as (

    select * from {{ ref('fct_scored_nights') }}
    where as_of_date < {{ as_of_date() }}

),

promises as (

    select * from {{ ref('int_champion_promises__levelled') }}

),

performance as (

    select * from {{ ref('rpt_realised_performance') }}

),

-- in use: what scored the last night before this one
numbered_nights as (

    select
        nights.*,
        row_number() over (
            partition by nights.target
            order by nights.as_of_date desc
        ) as recency_rank
    from nights

),

numbered_weeks as (

    select
        performance.*,
        row_number() over (
            partition by performance.model_version
            order by performance.week_start_date desc
        ) as recency_rank
    from performance

),

counted as (

    select
        numbered_nights.target,
        numbered_nights.model_version,
        promises.last_trained_date,
        promises.promised_auc,
        promises.level_auc,
        promises.weeks_running,
        {{ add_days('promises.last_trained_date', 'promises.rest_days') }} as rests_until_date,
        count(numbered_weeks.week_start_date) as weeks_looked_at,
        sum(case when numbered_weeks.is_below_level then 1 else 0 end) as weeks_below,
        {{ days_between(
            'min(numbered_weeks.week_start_date)', 'max(numbered_weeks.week_start_date)'
        ) }} as days_spanned,
        max(numbered_weeks.week_start_date) as last_week_date,
        max(numbered_weeks.auc_upper_bound) as highest_upper_bound
    from numbered_nights
    inner join promises
        on numbered_nights.model_version = promises.model_version
    left join numbered_weeks
        on
            numbered_nights.model_version = numbered_weeks.model_version
            and numbered_weeks.recency_rank <= promises.weeks_running
    where numbered_nights.recency_rank = 1
    group by
        numbered_nights.target, numbered_nights.model_version, promises.last_trained_date,
        promises.promised_auc, promises.level_auc, promises.weeks_running, promises.rest_days

),

judged as (

    select
        counted.*,
        coalesce(
            counted.weeks_below = counted.weeks_running
            and counted.days_spanned = 7 * (counted.weeks_running - 1),
            false
        ) as is_rule_met,
        {{ as_of_date() }} < counted.rests_until_date as is_resting
    from counted

),

decided as (

    select
        {{ as_of_date() }} as as_of_date,
        judged.*,
        judged.is_rule_met and not judged.is_resting as should_retrain,
        case
            when judged.weeks_looked_at = 0 then 'no week of this model has matured yet'
            when judged.is_rule_met
                then
                    'AUC at most ' || {{ shown_number('judged.highest_upper_bound') }} || ' in '
                    || cast(judged.weeks_running as varchar(20)) || ' weeks running, below '
                    || {{ shown_number('judged.level_auc') }} || ' (promised '
                    || {{ shown_number('judged.promised_auc') }} || ')'
                    || case when judged.is_resting then '; trained too lately' else '' end
            else
                cast(judged.weeks_below as varchar(20)) || ' of the last '
                || cast(judged.weeks_looked_at as varchar(20)) || ' matured weeks below '
                || {{ shown_number('judged.level_auc') }}
        end as reason
    from judged

)

select {{ contract_columns('decided') }}
from decided
