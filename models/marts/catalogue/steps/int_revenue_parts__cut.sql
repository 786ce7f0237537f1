-- depends_on: {{ ref('metric_versions') }}, new wherever a measure may be
{{ cut_parts(ref('dim_account_months'), [
    ref('fct_account_mrr_monthly'),
    ref('fct_mrr_movements'),
    ref('fct_account_retention'),
    ref('rpt_mrr_against_invoices'),
    ref('fct_renewals'),
    ref('fct_account_churns'),
]) }}
