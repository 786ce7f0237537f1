with days as (

    select * from {{ ref('feat_accounts_daily') }}
    where
        is_paying
        and as_of_date <= {{ as_of_date() }}
        -- the four weeks before the year say what is no onset
        and as_of_date > {{ add_days(as_of_date(), -365 - 28) }}
        and (
            as_of_date = {{ as_of_date() }}
            -- 1 January 1900 was a Monday
            or mod({{ days_between("cast('1900-01-01' as date)", 'as_of_date') }}, 7) = 0
        )

),

-- windows that reach back before the first export would read as silence (D150)
observed as (

    select {{ add_days('max(source_types.observed_from_date)', 90) }} as usage_from_date
    from {{ ref('int_source_types__observed') }} as source_types
    where source_types.source_type = 'usage'

),

limits as (

    select
        {%- for name in [
            'meeting_show_rate', 'training_participation', 'escalated_tickets', 'urgent_tickets',
            'sentiment_score', 'term_end_days', 'seat_utilization', 'usage_trend_ratio',
            'nps_score', 'good_ratings', 'features_adopted', 'onboarding_completion'
        ] %}
        max(case when limits.limit_name = '{{ name }}' then limits.limit_value end)
            as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('signal_limits') }} as limits

),

signals as (

    select * from {{ ref('account_signals') }}

),

judged as (

    select
        days.account_id,
        days.as_of_date,
        days.life_number,
        signals.signal_name,
        signals.kind,
        case signals.signal_name
            when 'usage_decline'
                then days.usage_decline = 1 and days.as_of_date >= observed.usage_from_date
            when 'engagement_drop'
                then
                    days.meeting_show_rate <= limits.meeting_show_rate
                    or days.training_participation <= limits.training_participation
            when 'support_escalation'
                then
                    days.escalated_tickets_90d >= limits.escalated_tickets
                    or days.urgent_tickets_30d >= limits.urgent_tickets
                    or days.sentiment_score <= limits.sentiment_score
            when 'contract_signals'
                then
                    days.downgraded_last_period = 1
                    or days.is_past_due = 1
                    or (
                        days.has_annual_term = 1
                        and days.days_to_term_end >= 0
                        and days.days_to_term_end <= limits.term_end_days
                    )
            when 'stakeholder_change'
                then days.champion_stability = 0 or days.key_contact_missing = 1
            when 'high_engagement'
                then
                    days.seat_utilization >= limits.seat_utilization
                    and days.usage_trend_ratio_30d_90d >= 1
                    and days.as_of_date >= observed.usage_from_date
            when 'growth'
                then
                    days.usage_trend_ratio_30d_90d >= limits.usage_trend_ratio
                    and days.invites_sent_30d > 0
                    and days.as_of_date >= observed.usage_from_date
            when 'positive_feedback'
                then
                    days.nps_score >= limits.nps_score
                    or days.avg_csat >= limits.good_ratings
            when 'technical_readiness'
                then
                    days.features_adopted_90d >= limits.features_adopted
                    and coalesce(days.onboarding_completion, 1) >= limits.onboarding_completion
        end as is_standing,
        case signals.signal_name
            when 'usage_decline'
                then
                    'activity of the last 30 days is '
                    || {{ evidence_number(
                        'usage_change_ratio_30d', 'percent_below', 'at least 30'
                    ) }}
                    || '% below the 30 days before'
            when 'engagement_drop'
                then
                    'in 90 days, meetings held: '
                    || {{ evidence_share('meeting_show_rate', 'none planned') }}
                    || ', trainings attended: '
                    || {{ evidence_share('training_participation', 'none offered') }}
            when 'support_escalation'
                then
                    'tickets escalated in 90 days: '
                    || {{ evidence_number('escalated_tickets_90d') }}
                    || ', urgent in 30 days: '
                    || {{ evidence_number('urgent_tickets_30d') }}
                    || ', mean of comments: '
                    || {{ evidence_number('sentiment_score', 'hundredth', 'none') }}
            when 'contract_signals'
                then
                    case when days.is_past_due = 1 then 'pays late; ' else '' end
                    || case
                        when days.downgraded_last_period = 1 then 'pays less than a period ago; '
                        else ''
                    end
                    || 'days to the end of the term: '
                    || {{ evidence_number('days_to_term_end', nothing='unknown') }}
            when 'stakeholder_change'
                then
                    case
                        when days.champion_stability = 0
                            then 'a key contact left in the last 90 days'
                        else 'a key contact left within a year'
                    end
                    || case
                        when days.key_contact_missing = 1 then ', nobody has followed'
                        else ''
                    end
            when 'high_engagement'
                then
                    'seats in use in 30 days: '
                    || {{ evidence_share('seat_utilization', 'unknown') }}
                    || ', daily users against 90 days: '
                    || {{ evidence_share('usage_trend_ratio_30d_90d', 'unknown') }}
            when 'growth'
                then
                    'daily users of 30 days against 90: '
                    || {{ evidence_share('usage_trend_ratio_30d_90d', 'unknown') }}
                    || ', invitations in 30 days: '
                    || {{ evidence_number('invites_sent_30d') }}
            when 'positive_feedback'
                then
                    'mean NPS answer: '
                    || {{ evidence_number('nps_score', 'tenth', 'none') }}
                    || ', tickets rated good: '
                    || {{ evidence_share('avg_csat', 'none rated') }}
            when 'technical_readiness'
                then
                    'kinds of features used in 90 days: '
                    || {{ evidence_number('features_adopted_90d') }}
        end as evidence
    from days
    cross join limits
    cross join observed
    cross join signals

),

standing as (

    select
        judged.*,
        lag(judged.as_of_date) over (
            partition by judged.account_id, judged.life_number, judged.signal_name
            order by judged.as_of_date
        ) as previous_date
    from judged
    where judged.is_standing

),

marked as (

    select
        standing.*,
        coalesce(
            {{ days_between('standing.previous_date', 'standing.as_of_date') }} > 28, true
        ) as is_onset
    from standing

)

select {{ contract_columns('marked') }}
from marked
where marked.as_of_date > {{ add_days(as_of_date(), -365) }}
