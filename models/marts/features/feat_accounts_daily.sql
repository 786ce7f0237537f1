{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_known_since('as_of_date', 1) }}"
    )
}}

-- depends_on: {{ ref('rpt_input_gate') }}

with days as (

    select * from {{ ref('int_account_days__spined') }}

),

usage_windows as (

    select * from {{ ref('int_account_days__usage_windowed') }}

),

renewals as (

    select * from {{ ref('int_account_renewals__known_ranged') }}

),

measures as (

    select * from {{ ref('int_account_days__measured') }}

),

featured as (

    select
        days.account_id,
        days.as_of_date,
        days.life_number,
        days.is_paying,
        days.is_trial,
        {{ per_day('usage_windows.active_users_7d', 7) }} as avg_dau_7d,
        {{ per_day('usage_windows.active_users_14d', 14) }} as avg_dau_14d,
        {{ per_day('usage_windows.active_users_30d', 30) }} as avg_dau_30d,
        {{ ratio(per_day('usage_windows.active_users_7d', 7),
            per_day('usage_windows.active_users_30d', 30)) }} as usage_trend_ratio_7d_30d,
        {{ ratio(per_day('usage_windows.core_actions_7d', 7),
            per_day('usage_windows.core_actions_30d', 30)) }} as action_trend_ratio,
        usage_windows.distinct_feature_categories_30d as features_adopted,
        {{ ratio('usage_windows.distinct_active_users_30d', 'days.seat_count') }}
            as seat_utilization,
        usage_windows.invites_30d as invites_sent_30d,
        usage_windows.distinct_commenting_users_30d as users_commenting,
        measures.tickets_opened_30d as support_tickets_30d,
        measures.urgent_tickets_opened_30d as urgent_tickets_30d,
        {{ ratio('measures.tickets_rated_good_90d', 'measures.tickets_rated_90d') }} as avg_csat,
        {{ days_between('usage_windows.last_active_date', 'days.as_of_date') }}
            as days_since_last_login,
        days.mrr_cents / 100.0 as mrr,
        days.account_age_days,
        case when days.mrr_cents < days.mrr_cents_one_period_earlier then 1 else 0 end
            as downgraded_last_period,
        {{ ratio('measures.nps_score_sum_180d', 'measures.nps_answers_180d') }} as nps_score,

        case
            when days.account_age_days >= 60
                then {{ ratio('usage_windows.events_30d',
                    'usage_windows.events_60d - usage_windows.events_30d') }}
        end as usage_change_ratio_30d,
        case
            when coalesce(usage_windows.events_60d - usage_windows.events_30d, 0) < 50 then null
            when
                -- whole numbers, so that exactly 30% below counts
                10 * usage_windows.events_30d
                <= 7 * (usage_windows.events_60d - usage_windows.events_30d) then 1
            else 0
        end as usage_decline,
        case when usage_windows.first_active_date is not null then 0
            when usage_windows.active_users_7d is not null then 1 end as never_active,
        {{ ratio('usage_windows.core_actions_30d', 'days.seat_count') }}
            as core_actions_per_seat_30d,
        {{ ratio('measures.onboarding_steps_done', 'measures.onboarding_steps_due') }}
            as onboarding_completion,
        {{ ratio('measures.trainings_attended_90d', 'measures.trainings_invited_90d') }}
            as training_participation,
        1 - sign(measures.key_contacts_lost_90d) as champion_stability,
        {{ ratio('measures.meetings_held_90d', 'measures.meetings_scheduled_90d') }}
            as meeting_show_rate,
        {{ ratio('measures.goals_achieved_365d', 'measures.goals_set_365d') }}
            as goals_achieved_ratio,
        {{ ratio('measures.first_response_hours_90d', 'measures.first_replies_90d') }}
            as first_response_hours,
        measures.tickets_unsolved as ticket_backlog,
        measures.tickets_escalated_90d as escalated_tickets_90d,
        30 * {{ per_day('measures.tickets_opened_30d', 30) }} as ticket_rate_30d,
        30 * {{ per_day('usage_windows.invites_30d', 30) }} as invite_rate_30d,
        {{ ratio('measures.comment_score_sum_30d', 'measures.comments_scored_30d') }}
            as sentiment_score,
        {{ days_between('days.as_of_date', 'days.term_end_date') }} as days_to_term_end,
        case when days.billing_period_days > 360 then 1 else 0 end as has_annual_term,
        days.seat_count as seats,
        measures.payment_failures_90d,
        -- a term that is over renews now; a short one several times
        case
            when renewals.term_end_date is null then null
            when {{ days_between('days.as_of_date', 'renewals.term_end_date') }} >= 60 then 0
            else renewals.renewal_period_days * (1 + floor(
                (59 - greatest({{ days_between('days.as_of_date', 'renewals.term_end_date') }}, 0))
                / renewals.renewal_period_days
            ))
        end as renewing_days_60d,
        coalesce(renewals.is_past_due, 0) as is_past_due,
        {{ ratio(per_day('usage_windows.active_users_30d', 30),
            per_day('usage_windows.active_users_90d', 90)) }} as usage_trend_ratio_30d_90d,
        usage_windows.distinct_feature_categories_90d as features_adopted_90d,
        -- three user-days on either side keep small accounts from jumping
        case
            when {{ days_between('usage_windows.first_active_date', 'days.as_of_date') }} >= 44
                then (usage_windows.active_users_30d + 3.0) / (
                    30.0 * (usage_windows.active_users_210d - usage_windows.active_users_30d)
                    / least(180, {{ days_between(
                        'usage_windows.first_active_date', 'days.as_of_date'
                    ) }} - 30) + 3.0
                )
        end as usage_held_ratio_30d_180d,
        -- 1 over the chance that two events are of one category
        {{ ratio('usage_windows.category_events_365d * (usage_windows.category_events_365d - 1)',
            'usage_windows.category_pairs_365d') }} as feature_breadth_365d,
        sign(measures.key_contacts_missing_365d) as key_contact_missing
    from days
    left join renewals
        on
            days.account_id = renewals.account_id
            and days.as_of_date >= renewals.as_of_from_date
            and days.as_of_date < renewals.as_of_until_date
    left join usage_windows
        on
            days.account_id = usage_windows.account_id
            and days.as_of_date = usage_windows.as_of_date
    left join measures
        on
            days.account_id = measures.account_id
            and days.as_of_date = measures.as_of_date

)

select {{ contract_columns('featured') }}
from featured
