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

doubted as (

    select
        doubts.*,
        doubts.doubt in (
            'unreadable', 'status_unmapped', 'price_unknown', 'currency_unknown',
            'interval_unknown', 'without_item'
        ) as is_put_aside,
        doubts.doubt = 'stale' as is_stale,
        doubts.subscription_id || ' (' || doubts.doubt
        || coalesce(' ' || doubts.reported_value, '') || ')' as example
    from {{ ref('int_subscriptions__doubted') }} as doubts

),

numbers as (

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

),

measured as (

    select
        numbers.check_name,
        numbers.measured_value,
        cast(null as {{ column_type('varchar') }}) as found
    from numbers
    union all
    select
        orphans.check_name,
        orphans.measured_value,
        orphans.found
    from {{ ref('int_input_orphans__measured') }} as orphans
    union all
    select
        'subscription_put_aside' as check_name,
        1.0 * count(case when doubted.is_put_aside then 1 end) / nullif(count(*), 0)
            as measured_value,
        'such as ' || min(case when doubted.is_put_aside then doubted.example end) as found
    from doubted
    union all
    select
        'subscription_stale' as check_name,
        1.0 * sum(case when doubted.is_stale then doubted.mrr_cents else 0 end)
        / nullif(sum(doubted.mrr_cents), 0) as measured_value,
        'such as ' || min(case when doubted.is_stale then doubted.example end) as found
    from doubted

)

select
    measured.check_name,
    cast(measured.measured_value as {{ column_type('double') }}) as measured_value,
    measured.found
from measured
