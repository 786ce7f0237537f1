{{ cut_parts(ref('dim_account_months'), [
    ref('fct_account_risk_monthly'),
    ref('fct_churn_warnings'),
]) }}
