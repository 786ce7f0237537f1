{% set save_end = add_days('interventions.done_date', var('save_window_days')) -%}

with interventions as (

    select * from {{ ref('fct_interventions') }}
    where account_id is not null

),

churns as (

    select * from {{ ref('fct_account_churns') }}
    where established_date <= {{ as_of_date() }}

),

-- whether the account was gone at the contact, and whether it went within the window
judged as (

    select
        interventions.intervention_id,
        interventions.playbook,
        interventions.minutes,
        {{ add_days(save_end, var('churn_gap_days')) }} <= {{ as_of_date() }} as is_over,
        max(
            case
                when
                    churns.churn_date <= interventions.done_date
                    and coalesce(churns.returned_date > interventions.done_date, true) then 1
                else 0
            end
        ) as gone_count,
        max(
            case
                when
                    churns.churn_date > interventions.done_date
                    and churns.churn_date < {{ save_end }} then 1
                else 0
            end
        ) as churned_count
    from interventions
    left join churns
        on interventions.account_id = churns.account_id
    group by
        interventions.intervention_id, interventions.playbook, interventions.minutes,
        interventions.done_date

),

done as (

    select
        judged.playbook,
        count(*) as contacts_count,
        {{ ratio('sum(judged.minutes)', 'count(judged.minutes)') }} as mean_minutes,
        sum(case when judged.is_over then 1 else 0 end) as judged_count,
        sum(case when judged.is_over then 1 - judged.churned_count else 0 end) as retained_count
    from judged
    where judged.gone_count = 0 and judged.playbook is not null
    group by judged.playbook

),

listed as (

    select
        accounts.playbook,
        count(*) as listed_count,
        {{ exact_sum('accounts.expected_saved_usd') }} as expected_saved_usd
    from {{ ref('rpt_at_risk_accounts') }} as accounts
    where accounts.is_on_worklist and accounts.playbook is not null
    group by accounts.playbook

),

known as (

    select playbooks.playbook from {{ ref('playbooks') }} as playbooks
    union
    select done.playbook from done

),

intervals as (

    select {{ normal_quantile('thresholds.threshold_value / 2') }} as z
    from {{ ref('monitoring_thresholds') }} as thresholds
    where thresholds.threshold_name = 'interval_alpha'

),

joined as (

    select
        known.playbook,
        playbooks.label,
        case
            when playbooks.playbook is not null
                then coalesce(playbooks.saveability, assumed.save_effect)
        end as saveability,
        coalesce(listed.listed_count, 0) as listed_count,
        coalesce(listed.expected_saved_usd, 0) as expected_saved_usd,
        coalesce(done.contacts_count, 0) as contacts_count,
        done.mean_minutes,
        coalesce(done.judged_count, 0) as judged_count,
        coalesce(done.retained_count, 0) as retained_count
    from known
    cross join {{ ref('int_worklist_rules__pivoted') }} as assumed
    left join {{ ref('playbooks') }} as playbooks
        on known.playbook = playbooks.playbook
    left join listed
        on known.playbook = listed.playbook
    left join done
        on known.playbook = done.playbook

),

bounded as (

    select
        joined.*,
        {{ ratio('joined.retained_count', 'joined.judged_count') }} as retained_ratio,
        case
            when joined.judged_count > 0
                then
                    {{ wilson_bound(
                        'joined.retained_count', 'joined.judged_count', 'intervals.z', '-'
                    ) }}
        end as retained_lower_bound,
        case
            when joined.judged_count > 0
                then
                    {{ wilson_bound(
                        'joined.retained_count', 'joined.judged_count', 'intervals.z', '+'
                    ) }}
        end as retained_upper_bound
    from joined
    cross join intervals

)

select {{ contract_columns('bounded') }}
from bounded
