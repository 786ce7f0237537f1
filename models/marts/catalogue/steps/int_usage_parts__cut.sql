{{ cut_parts(ref('dim_account_months'), [
    ref('fct_account_usage_monthly'),
]) }}
