with worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}

),

-- the last week's night of each month stands for the month
nights as (

    select
        {{ month_start('scored_nights.as_of_date') }} as month_start_date,
        max(scored_nights.as_of_date) as as_of_date
    from {{ ref('fct_scored_nights') }} as scored_nights
    where
        scored_nights.target = 'churn'
        and scored_nights.is_weekly_cohort
        and {{ next_month_start('scored_nights.as_of_date') }} <= {{ as_of_date() }}
    group by {{ month_start('scored_nights.as_of_date') }}

),

outcomes as (

    select * from {{ ref('fct_prediction_outcomes') }}
    where target = 'churn'

),

deciles as (

    select * from {{ ref('rpt_realised_deciles') }}
    where target = 'churn'

),

responses as (

    select * from {{ ref('int_worklist_responses__dated') }}

),

managers as (

    select distinct
        worklists.as_of_date,
        worklists.csm_id,
        worklists.csm_slots
    from worklists

),

teams as (

    select
        managers.as_of_date,
        sum(managers.csm_slots) as team_slots
    from managers
    group by managers.as_of_date

),

joined as (

    select
        {{ account_month_id('worklists.account_id', 'nights.as_of_date') }} as account_month_id,
        worklists.account_id,
        nights.month_start_date,
        worklists.as_of_date,
        coalesce(worklists.is_replayed, false) as is_replayed,
        worklists.churn_probability,
        worklists.churn_probability * worklists.arr_usd as arr_at_risk_usd,
        case when worklists.is_on_worklist then 1 else 0 end as flagged_count,
        case when worklists.is_on_worklist and not coalesce(worklists.is_replayed, false) then 1
            else 0
        end as shown_count,
        case when worklists.risk_rank <= teams.team_slots then 1 else 0 end
            as within_capacity_count,
        responses.contacted_count,
        responses.saved_count,
        case when outcomes.is_positive is not null then 1 end as judged_count,
        outcomes.is_positive as churned_count,
        1 - outcomes.is_positive as stayed_count,
        case when outcomes.decile = 1 then 1 else 0 end as top_tenth_count,
        case when outcomes.positives_above < 0.8 * outcomes.positives_count then 1 else 0 end
            as within_recall_count,
        (outcomes.probability - outcomes.is_positive)
        * (outcomes.probability - outcomes.is_positive) as squared_error,
        abs(deciles.mean_probability - deciles.realised_rate) as calibration_gap,
        outcomes.positive_placement,
        case
            when outcomes.is_positive is not null
                then
                    case
                        when (outcomes.probability >= 0.5) = (outcomes.is_positive = 1) then 1
                        else 0
                    end
        end as right_call_count
    from nights
    inner join worklists
        on nights.as_of_date = worklists.as_of_date
    inner join teams
        on nights.as_of_date = teams.as_of_date
    left join outcomes
        on
            worklists.account_id = outcomes.account_id
            and worklists.as_of_date = outcomes.as_of_date
    left join deciles
        on
            outcomes.week_start_date = deciles.week_start_date
            and outcomes.decile = deciles.decile
    left join responses
        on
            worklists.account_id = responses.account_id
            and worklists.as_of_date = responses.as_of_date

),

final as (

    select
        joined.*,
        joined.flagged_count * joined.judged_count as flagged_judged_count,
        joined.flagged_count * joined.stayed_count as flagged_stayed_count,
        joined.within_capacity_count * joined.judged_count as within_capacity_judged_count,
        joined.within_capacity_count * joined.churned_count as within_capacity_churned_count,
        joined.top_tenth_count * joined.churned_count as top_tenth_churned_count,
        joined.within_recall_count * joined.churned_count as within_recall_churned_count
    from joined

)

select {{ contract_columns('final') }}
from final
