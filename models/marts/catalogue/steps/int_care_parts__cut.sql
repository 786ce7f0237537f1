{{ cut_parts(ref('dim_account_months'), [
    (ref('fct_tickets'), {
        'tickets_opened': 'ticket_count',
        'urgent_tickets_opened': 'urgent_count',
        'tickets_escalated': 'escalated_count',
        'tickets_replied': 'replied_count',
        'first_response_hours_sum': 'first_response_hours',
        'sla_met_tickets': 'sla_met_count',
        'sla_judged_tickets': 'sla_judged_count',
        'tickets_solved': 'solved_count',
        'resolution_hours_sum': 'resolution_hours',
        'tickets_rated': 'rated_count',
        'tickets_rated_good': 'good_count',
    }),
    (ref('fct_account_support_monthly'), {
        'unsolved_tickets_at_end': 'ticket_backlog',
    }),
    (ref('fct_account_sentiment_monthly'), {
        'nps_answers_180d': 'nps_answer_count',
        'nps_promoters_180d': 'promoter_count',
        'nps_detractors_180d': 'detractor_count',
        'comments_scored_30d': 'comment_count_30d',
        'comment_score_sum_30d': 'sentiment_sum_30d',
    }),
    (ref('fct_account_preparedness_monthly'), {
        'onboarding_steps_due': 'paying_steps_due_count',
        'onboarding_steps_done': 'paying_steps_done_count',
        'trainings_invited_90d': 'invited_count_90d',
        'trainings_attended_90d': 'attended_count_90d',
    }),
    (ref('fct_account_engagement_monthly'), {
        'meetings_scheduled': 'meetings_due_count',
        'meetings_held': 'meetings_held_count',
        'engagement_paying_accounts': 'account_count',
        'stable_champion_accounts': 'stable_champion_count',
    }),
]) }}
