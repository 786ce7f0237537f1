{{ cut_parts(ref('dim_account_months'), [
    (ref('fct_account_mrr_monthly'), {
        'mrr_usd_at_end': 'mrr_usd',
        'arr_usd_at_end': 'arr_usd',
        'gross_profit_usd_at_end': 'gross_profit_usd',
        'paying_accounts_at_end': 'paying_account_count',
        'seats_at_end': 'seat_count',
        'ever_paid_accounts': 'cohort_account_count',
    }),
    (ref('fct_mrr_movements'), {
        'new_mrr_usd': "case when movement = 'new' then amount_usd else 0 end",
        'expansion_mrr_usd': "case when movement = 'expansion' then amount_usd else 0 end",
        'contraction_mrr_usd': "case when movement = 'contraction' then -amount_usd else 0 end",
        'churned_mrr_usd': "case when movement = 'churn' then -amount_usd else 0 end",
        'reactivation_mrr_usd': "case when movement = 'reactivation' then amount_usd else 0 end",
        'net_new_mrr_usd': 'amount_usd',
    }),
    (ref('fct_account_retention_monthly'), {
        'start_mrr_usd_monthly': 'start_mrr_usd',
        'end_mrr_usd_monthly': 'end_mrr_usd',
        'retained_mrr_usd_monthly': 'retained_mrr_usd',
        'settled_accounts_monthly': 'settled_account_count',
        'lost_accounts_monthly': 'churned_account_count',
    }),
    (ref('fct_account_retention_quarterly'), {
        'start_mrr_usd_quarterly': 'start_mrr_usd',
        'end_mrr_usd_quarterly': 'end_mrr_usd',
        'retained_mrr_usd_quarterly': 'retained_mrr_usd',
        'settled_accounts_quarterly': 'settled_account_count',
        'lost_accounts_quarterly': 'churned_account_count',
    }),
    (ref('fct_account_retention_yearly'), {
        'start_mrr_usd_yearly': 'start_mrr_usd',
        'end_mrr_usd_yearly': 'end_mrr_usd',
        'retained_mrr_usd_yearly': 'retained_mrr_usd',
        'settled_accounts_yearly': 'settled_account_count',
        'lost_accounts_yearly': 'churned_account_count',
    }),
    (ref('rpt_mrr_against_invoices'), {
        'mrr_beside_invoices_usd': 'mrr_usd',
        'explained_mrr_usd': 'mrr_usd - abs(unexplained_usd)',
    }),
    (ref('fct_renewals'), {
        'renewals_due': 'due_count',
        'renewals_done': 'renewed_count',
        'renewals_due_arr_usd': 'due_arr_usd',
        'renewals_done_arr_usd': 'renewed_arr_usd',
    }),
    (ref('fct_account_churns'), {
        'churns': 'churn_count',
        'voluntary_churns': "case when churn_kind = 'voluntary' then churn_count else 0 end",
        'involuntary_churns': "case when churn_kind = 'involuntary' then churn_count else 0 end",
    }),
]) }}
