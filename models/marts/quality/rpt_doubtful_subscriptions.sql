with doubted as (

    select * from {{ ref('int_subscriptions__doubted') }}
    where doubt is not null

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        doubted.subscription_id,
        doubted.account_id,
        doubted.doubt,
        doubted.reported_value,
        doubted.since_date,
        cast(doubted.mrr_cents as decimal(18, 2)) / 100 as mrr_usd,
        cast(doubted.billed_cents as decimal(18, 2)) / 100 as billed_usd
    from doubted

)

select {{ contract_columns('final') }}
from final
