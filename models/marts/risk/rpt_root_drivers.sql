{% set of_nothing = "'nothing raises it'" -%}

with listed as (

    select * from {{ ref('int_at_risk_accounts__listed') }}

),

reasons as (

    select * from {{ ref('rpt_risk_reasons') }}

),

raising as (

    select
        listed.account_id,
        listed.as_of_date,
        listed.is_on_worklist,
        listed.arr_usd,
        listed.churn_probability * listed.arr_usd as arr_at_risk_usd,
        coalesce(reasons.reason_group, {{ of_nothing }}) as reason_group,
        reasons.reason_number,
        coalesce(
            reasons.contribution / sum(reasons.contribution) over (partition by listed.account_id),
            1
        ) as share_of_risk
    from listed
    left join reasons
        on
            listed.account_id = reasons.account_id
            and reasons.contribution > 0

),

summed as (

    select
        raising.reason_group,
        max(raising.as_of_date) as as_of_date,
        count(*) as accounts_count,
        sum(case when raising.reason_number = 1 then 1 else 0 end) as first_reason_count,
        sum(case when raising.reason_number = 1 and raising.is_on_worklist then 1 else 0 end)
            as listed_first_reason_count,
        coalesce(
            {{ exact_sum('case when raising.reason_number = 1 then raising.arr_usd end') }}, 0
        ) as first_reason_arr_usd,
        {{ exact_sum('raising.arr_at_risk_usd * raising.share_of_risk') }} as arr_at_risk_usd
    from raising
    group by raising.reason_group

),

whole as (

    select {{ exact_sum('summed.arr_at_risk_usd') }} as arr_at_risk_usd from summed

),

shared as (

    select
        summed.*,
        summed.arr_at_risk_usd / nullif(whole.arr_at_risk_usd, 0) as arr_at_risk_share,
        row_number() over (
            order by summed.arr_at_risk_usd desc, summed.reason_group asc
        ) as driver_rank
    from summed
    cross join whole

)

select {{ contract_columns('shared') }}
from shared
