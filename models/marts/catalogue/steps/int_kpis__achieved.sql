with targets as (

    select
        kpi_targets.kpi_name,
        kpi_targets.metric_name,
        -- only of a ratio is there one number of several months
        case
            when metrics.calculation = 'ratio' then greatest(coalesce(kpi_targets.months, 1), 1)
            else 1
        end as months,
        kpi_targets.has_interval,
        metrics.calculation
    from {{ ref('kpi_targets') }} as kpi_targets
    inner join {{ ref('int_metrics__declared') }} as metrics
        on kpi_targets.metric_name = metrics.metric_name

),

monthly as (

    select * from {{ ref('metric_values') }}
    where grain = 'month' and dimension_name = 'total' and value is not null

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

ranked as (

    select
        monthly.*,
        row_number() over (
            partition by monthly.metric_name
            order by monthly.period_start_date desc
        ) as recency_rank
    from monthly

),

pooled as (

    select
        targets.kpi_name,
        targets.metric_name,
        targets.months,
        targets.has_interval and targets.calculation = 'ratio' as is_share,
        min(ranked.period_start_date) as from_month_date,
        max(ranked.period_start_date) as until_month_date,
        sum(ranked.numerator) as hits,
        sum(ranked.denominator) as trials,
        max(case when ranked.recency_rank = 1 then ranked.value end) as newest_value
    from targets
    inner join ranked
        on
            targets.metric_name = ranked.metric_name
            and targets.months >= ranked.recency_rank
    group by
        targets.kpi_name, targets.metric_name, targets.months, targets.has_interval,
        targets.calculation

),

shares as (

    select
        pooled.kpi_name,
        pooled.metric_name,
        pooled.from_month_date,
        pooled.until_month_date,
        case
            when pooled.months = 1 then pooled.newest_value
            else {{ ratio('pooled.hits', 'pooled.trials') }}
        end as achieved_value,
        -- hours, points, money: none of these is a share of counted things
        case
            when pooled.is_share and pooled.hits between 0 and pooled.trials
                then {{ wilson_bound('pooled.hits', 'pooled.trials', 'intervals.z', '-') }}
        end as lower_bound,
        case
            when pooled.is_share and pooled.hits between 0 and pooled.trials
                then {{ wilson_bound('pooled.hits', 'pooled.trials', 'intervals.z', '+') }}
        end as upper_bound
    from pooled
    cross join intervals

),

-- of two shares: the worst and the best of both together
balanced as (

    select
        'balanced_accuracy' as metric_name,
        (
            1 + {{ wilson_bound('recalls.numerator', 'recalls.denominator', 'intervals.z', '-') }}
            - {{ wilson_bound('alarms.numerator', 'alarms.denominator', 'intervals.z', '+') }}
        ) / 2 as lower_bound,
        (
            1 + {{ wilson_bound('recalls.numerator', 'recalls.denominator', 'intervals.z', '+') }}
            - {{ wilson_bound('alarms.numerator', 'alarms.denominator', 'intervals.z', '-') }}
        ) / 2 as upper_bound
    from ranked as recalls
    inner join ranked as alarms
        on recalls.period_start_date = alarms.period_start_date
    cross join intervals
    where
        recalls.metric_name = 'worklist_recall'
        and recalls.recency_rank = 1
        and alarms.metric_name = 'false_positive_rate'

),

checked as (

    select
        1 - sum(contradictions.rows_failing)
        / cast(nullif(sum(contradictions.rows_checked), 0) as {{ column_type('double') }})
            as achieved_value
    from {{ ref('rpt_source_contradictions') }} as contradictions
    where contradictions.severity = 'error'

),

-- a person counts once, whichever of the dashboards it was
team_members as (

    select
        users.person_id,
        max(case when users.has_used then 1 else 0 end) as used_count
    from {{ ref('rpt_dashboard_users') }} as users
    where users.is_asked and users.team = 'customer success'
    group by users.person_id

),

used as (

    select
        sum(team_members.used_count) as hits,
        count(*) as trials
    from team_members
    having count(*) > 0

),

achieved as (

    select
        shares.kpi_name,
        shares.from_month_date,
        shares.until_month_date,
        shares.achieved_value,
        case when balanced.metric_name is null then shares.lower_bound else balanced.lower_bound end
            as lower_bound,
        case when balanced.metric_name is null then shares.upper_bound else balanced.upper_bound end
            as upper_bound
    from shares
    left join balanced
        on shares.metric_name = balanced.metric_name
    union all
    select
        'data_quality' as kpi_name,
        cast(null as date) as from_month_date,
        cast(null as date) as until_month_date,
        checked.achieved_value,
        cast(null as {{ column_type('double') }}) as lower_bound,
        cast(null as {{ column_type('double') }}) as upper_bound
    from checked
    union all
    select
        'report_utilisation' as kpi_name,
        cast(null as date) as from_month_date,
        cast(null as date) as until_month_date,
        {{ ratio('used.hits', 'used.trials') }} as achieved_value,
        {{ wilson_bound('used.hits', 'used.trials', 'intervals.z', '-') }} as lower_bound,
        {{ wilson_bound('used.hits', 'used.trials', 'intervals.z', '+') }} as upper_bound
    from used
    cross join intervals

)

select * from achieved
