-- depends_on: {{ ref('metric_versions') }}, new wherever a measure may be
{{ cut_parts(ref('dim_account_months'), [
    ref('fct_account_usage_monthly'),
]) }}
