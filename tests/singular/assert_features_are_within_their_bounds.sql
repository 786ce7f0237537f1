-- Counts are never negative, shares lie between 0 and 1, and no activity is of the day itself; on
-- the dates just built.
select
    account_id,
    as_of_date
from {{ ref('feat_accounts_daily') }}
where
    as_of_date > {{ tested_since() }}
    and (
        least(
            avg_dau_7d, avg_dau_14d, avg_dau_30d, invites_sent_30d, mrr, seats,
            coalesce(support_tickets_30d, 0), coalesce(ticket_backlog, 0),
            coalesce(escalated_tickets_90d, 0), payment_failures_90d, users_commenting,
            coalesce(usage_trend_ratio_7d_30d, 0), coalesce(action_trend_ratio, 0),
            coalesce(usage_change_ratio_30d, 0), coalesce(seat_utilization, 0),
            coalesce(avg_csat, 0), coalesce(onboarding_completion, 0),
            coalesce(training_participation, 0), coalesce(meeting_show_rate, 0),
            coalesce(goals_achieved_ratio, 0), coalesce(nps_score, 0)
        ) < 0
        or greatest(
            coalesce(avg_csat, 0), coalesce(onboarding_completion, 0),
            coalesce(training_participation, 0), coalesce(meeting_show_rate, 0),
            coalesce(goals_achieved_ratio, 0), coalesce(nps_score, 0) / 10,
            abs(coalesce(sentiment_score, 0)), features_adopted_90d / 10, is_past_due
        ) > 1
        or account_age_days < 1
        or days_since_last_login < 1
        or days_since_last_login > account_age_days
        or (days_since_last_login is null) <> (never_active = 1)
        -- a shorter window never holds more than a longer one
        or avg_dau_7d * least(7, account_age_days)
        > avg_dau_30d * least(30, account_age_days) + 0.000001
        or urgent_tickets_30d > support_tickets_30d
        or features_adopted > features_adopted_90d
        or renewing_days_60d < 0
        -- no window of 30 days holds more than one of 90
        or usage_trend_ratio_30d_90d > 3.000001
        or usage_held_ratio_30d_180d <= 0
        -- two events of one category at least: 1 category where all are of it
        or feature_breadth_365d < 1
        or key_contact_missing not in (0, 1)
        or (is_trial and is_paying)
    )
