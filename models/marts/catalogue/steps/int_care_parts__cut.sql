-- depends_on: {{ ref('metric_versions') }}, new wherever a measure may be
{{ cut_parts(ref('dim_account_months'), [
    ref('fct_tickets'),
    ref('fct_account_support_monthly'),
    ref('fct_account_sentiment_monthly'),
    ref('fct_account_preparedness_monthly'),
    ref('fct_account_engagement_monthly'),
    ref('fct_account_health_monthly'),
]) }}
