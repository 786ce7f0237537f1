{%- set amounts = [
    'mrr', 'billed', 'difference', 'proration', 'discount', 'credit_note', 'unpaid',
    'price_unknown', 'not_invoiced', 'unexplained'] -%}
with explained as (

    select * from {{ ref('int_subscription_months__explained') }}

),

account_starts as (

    select * from {{ ref('int_account_starts__dated') }}

),

-- an account that is not on file yet cannot be cut by what it is
summed as (

    select
        coalesce(account_starts.account_id, 'unassigned') as account_id,
        explained.month_start_date,
        {%- for amount in amounts %}
        cast(sum(explained.{{ amount }}_cents) as decimal(18, 2)) / 100 as {{ amount }}_usd
            {{- ',' if not loop.last }}
        {%- endfor %}
    from explained
    left join account_starts
        on
            explained.account_id = account_starts.account_id
            and account_starts.first_date < {{ next_month_start('explained.month_start_date') }}
    group by coalesce(account_starts.account_id, 'unassigned'), explained.month_start_date

),

final as (

    select
        summed.*,
        {{ account_month_id('summed.account_id', 'summed.month_start_date') }} as account_month_id
    from summed

)

select {{ contract_columns('final') }}
from final
