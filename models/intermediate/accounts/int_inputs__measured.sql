-- differences within an account add up before they count
with invoiced_accounts as (

    select
        explained.account_id,
        explained.month_start_date,
        sum(explained.mrr_cents) as mrr_cents,
        abs(sum(explained.unexplained_cents)) as unexplained_cents
    from {{ ref('int_subscription_months__explained') }} as explained
    where
        explained.month_start_date
        = {{ month_start(add_days(month_start(as_of_date()), -1)) }}
    group by explained.account_id, explained.month_start_date

),

measured as (

    select * from {{ ref('int_input_lags__measured') }}
    union all
    select * from {{ ref('int_input_volumes__measured') }}
    union all
    select * from {{ ref('int_input_null_rates__measured') }}
    union all
    select
        'mrr_explained_by_invoices' as check_name,
        -- where all MRR is gone and invoices go on, nothing is explained
        1 - 1.0 * sum(invoiced_accounts.unexplained_cents)
        / greatest(sum(invoiced_accounts.mrr_cents), 1) as measured_value
    from invoiced_accounts

)

select
    measured.check_name,
    cast(measured.measured_value as {{ column_type('double') }}) as measured_value
from measured
