with signals as (

    select * from {{ ref('account_signals') }}

),

stood as (

    select * from {{ ref('fct_account_signals') }}

),

labels as (

    select * from {{ ref('int_account_labels__ranged') }}

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

-- rows of one account on neighbouring dates are copies: a signal counts when it comes up
onsets as (

    select
        stood.signal_name,
        signals.label_name,
        stood.account_id,
        stood.as_of_date
    from stood
    inner join signals
        on stood.signal_name = signals.signal_name
    where
        stood.is_onset
        and {{ add_days('stood.as_of_date', known_after_days('signals.label_name')) }}
        <= {{ as_of_date() }}

),

-- of one date a month, all paying accounts: what comes without any signal
every_account as (

    select
        signals.signal_name,
        signals.label_name,
        features.account_id,
        features.as_of_date
    from {{ ref('feat_accounts_daily') }} as features
    cross join signals
    where
        features.is_paying
        and features.as_of_date = {{ month_start('features.as_of_date') }}
        and features.as_of_date > {{ add_days(as_of_date(), -365) }}
        and {{ add_days('features.as_of_date', known_after_days('signals.label_name')) }}
        <= {{ as_of_date() }}

),

asked as (

    select
        'onset' as side,
        onsets.*
    from onsets
    union all
    select
        'everybody' as side,
        every_account.*
    from every_account

),

labelled as (

    select
        asked.side,
        asked.signal_name,
        asked.account_id,
        asked.as_of_date,
        {{ label_by_name('asked.label_name', 'labels') }} as is_positive
    from asked
    left join labels
        on
            asked.label_name = labels.label_name
            and asked.account_id = labels.account_id
            and asked.as_of_date >= labels.from_date
            and asked.as_of_date < labels.until_date
    group by
        asked.side, asked.signal_name, asked.label_name, asked.account_id, asked.as_of_date

),

leads as (

    select
        labelled.signal_name,
        labelled.account_id,
        labelled.as_of_date,
        min({{ days_between('labelled.as_of_date', 'churns.churn_date') }}) as lead_days
    from labelled
    inner join {{ ref('fct_account_churns') }} as churns
        on
            labelled.account_id = churns.account_id
            and labelled.as_of_date <= churns.churn_date
    where labelled.side = 'onset' and labelled.is_positive = 1
    group by labelled.signal_name, labelled.account_id, labelled.as_of_date

),

counted as (

    select
        labelled.signal_name,
        sum(
            case when labelled.side = 'onset' and labelled.is_positive is not null then 1 else 0 end
        ) as onsets_count,
        sum(case when labelled.side = 'onset' then labelled.is_positive else 0 end)
            as came_count,
        avg(case
            when labelled.side = 'everybody'
                then cast(labelled.is_positive as {{ column_type('double') }})
        end) as base_rate,
        avg(cast(leads.lead_days as {{ column_type('double') }})) as mean_lead_days
    from labelled
    left join leads
        on
            labelled.signal_name = leads.signal_name
            and labelled.account_id = leads.account_id
            and labelled.as_of_date = leads.as_of_date
            and labelled.side = 'onset'
    group by labelled.signal_name

),

judged as (

    select
        {{ as_of_date() }} as as_of_date,
        signals.signal_name,
        signals.kind,
        signals.label_name,
        coalesce(counted.onsets_count, 0) as onsets_count,
        coalesce(counted.came_count, 0) as came_count,
        counted.base_rate,
        case when signals.kind = 'risk' then counted.mean_lead_days end as mean_lead_days,
        {{ ratio('counted.came_count', 'counted.onsets_count') }} as precision_ratio,
        case
            when counted.onsets_count > 0
                then
                    {{ wilson_bound(
                        'counted.came_count', 'counted.onsets_count', 'intervals.z', '-'
                    ) }}
        end as lower_bound,
        case
            when counted.onsets_count > 0
                then
                    {{ wilson_bound(
                        'counted.came_count', 'counted.onsets_count', 'intervals.z', '+'
                    ) }}
        end as upper_bound
    from signals
    cross join intervals
    left join counted
        on signals.signal_name = counted.signal_name

),

final as (

    select
        judged.*,
        judged.precision_ratio / nullif(judged.base_rate, 0) as lift,
        case
            when judged.lower_bound > judged.base_rate then 'better than no signal'
            when judged.upper_bound < judged.base_rate then 'worse than no signal'
            when judged.base_rate is not null and judged.onsets_count > 0
                then 'not told from chance'
            else 'nothing has matured'
        end as verdict
    from judged

)

select {{ contract_columns('final') }}
from final
