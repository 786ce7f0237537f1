-- Otherwise the lowest accounts would be in no tier or segment.
with lowest as (

    select min(min_probability) as lowest_limit from {{ ref('risk_tiers') }}

    union all

    select min(min_mrr_usd) as lowest_limit from {{ ref('account_segments') }}

)

select * from lowest where lowest_limit <> 0
