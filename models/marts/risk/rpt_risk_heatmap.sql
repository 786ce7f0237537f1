with listed as (

    select * from {{ ref('int_at_risk_accounts__listed') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

tiers as (

    select * from {{ ref('risk_tiers') }}

),

cuts as (

    select
        'segment' as cut_name,
        coalesce(accounts.segment, 'unknown') as cut_value,
        listed.*
    from listed
    left join accounts
        on listed.account_id = accounts.account_id
    union all
    select
        'csm' as cut_name,
        coalesce(listed.csm_id, 'unassigned') as cut_value,
        listed.*
    from listed

),

cells as (

    select
        cuts.cut_name,
        cuts.cut_value,
        cuts.as_of_date,
        tiers.risk_tier,
        tiers.min_probability
    from cuts
    cross join tiers
    group by
        cuts.cut_name, cuts.cut_value, cuts.as_of_date, tiers.risk_tier, tiers.min_probability

),

summed as (

    select
        cells.cut_name,
        cells.cut_value,
        cells.risk_tier,
        cells.as_of_date,
        row_number() over (
            partition by cells.cut_name, cells.cut_value
            order by cells.min_probability desc
        ) as tier_number,
        count(cuts.account_id) as accounts_count,
        sum(case when cuts.is_on_worklist then 1 else 0 end) as listed_count,
        coalesce({{ exact_sum('cuts.arr_usd') }}, 0) as arr_usd,
        coalesce({{ exact_sum('cuts.churn_probability * cuts.arr_usd') }}, 0) as arr_at_risk_usd
    from cells
    left join cuts
        on
            cells.cut_name = cuts.cut_name
            and cells.cut_value = cuts.cut_value
            and cells.risk_tier = cuts.risk_tier
    group by
        cells.cut_name, cells.cut_value, cells.risk_tier, cells.as_of_date, cells.min_probability

)

select {{ contract_columns('summed') }}
from summed
