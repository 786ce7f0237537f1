-- Every cut of the heat map, and the root drivers together, hold the accounts and the ARR at risk
-- of the list they are made of.
with reported as (

    select
        count(*) as accounts_count,
        coalesce(sum(arr_usd), 0) as arr_usd,
        coalesce(sum(arr_at_risk_usd), 0) as arr_at_risk_usd
    from {{ ref('rpt_at_risk_accounts') }}

),

cuts as (

    select
        cut_name,
        sum(accounts_count) as accounts_count,
        sum(arr_usd) as arr_usd,
        sum(arr_at_risk_usd) as arr_at_risk_usd
    from {{ ref('rpt_risk_heatmap') }}
    group by cut_name

),

driven as (

    select coalesce(sum(arr_at_risk_usd), 0) as arr_at_risk_usd
    from {{ ref('rpt_root_drivers') }}

)

select cuts.cut_name
from cuts
cross join reported
where
    cuts.accounts_count <> reported.accounts_count
    or abs(cuts.arr_usd - reported.arr_usd) > 0.01
    or abs(cuts.arr_at_risk_usd - reported.arr_at_risk_usd) > 0.01
union all
select 'root drivers' as cut_name
from driven
cross join reported
where abs(driven.arr_at_risk_usd - reported.arr_at_risk_usd) > 0.01
