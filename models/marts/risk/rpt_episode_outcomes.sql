with episodes as (

    select
        episodes.*,
        {{ month_start('episodes.counted_from_date') }} as month_start_date,
        case episodes.contacted_count
            when 1 then 'contacted'
            when 0 then 'not contacted'
            else 'window open'
        end as response
    from {{ ref('fct_risk_episodes') }} as episodes

),

summed as (

    select
        episodes.month_start_date,
        episodes.is_replayed,
        episodes.risk_tier,
        episodes.response,
        count(*) as episodes_count,
        {{ exact_sum('episodes.arr_usd') }} as arr_usd,
        count(episodes.retained_count) as judged_count,
        coalesce(sum(episodes.retained_count), 0) as retained_count,
        coalesce(
            {{ exact_sum('case when episodes.retained_count = 1 then episodes.arr_usd end') }}, 0
        ) as retained_arr_usd,
        coalesce(
            {{ exact_sum('case when episodes.retained_count = 0 then episodes.arr_usd end') }}, 0
        ) as lost_arr_usd,
        coalesce(sum(episodes.expanded_count), 0) as expanded_count
    from episodes
    group by
        episodes.month_start_date, episodes.is_replayed, episodes.risk_tier, episodes.response

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

bounded as (

    select
        summed.*,
        {{ ratio('summed.retained_count', 'summed.judged_count') }} as retained_ratio,
        case
            when summed.judged_count > 0
                then
                    {{ wilson_bound(
                        'summed.retained_count', 'summed.judged_count', 'intervals.z', '-'
                    ) }}
        end as retained_lower_bound,
        case
            when summed.judged_count > 0
                then
                    {{ wilson_bound(
                        'summed.retained_count', 'summed.judged_count', 'intervals.z', '+'
                    ) }}
        end as retained_upper_bound
    from summed
    cross join intervals

)

select {{ contract_columns('bounded') }}
from bounded
