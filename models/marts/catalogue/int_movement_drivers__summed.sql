with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

account_months as (

    select * from {{ ref('dim_account_months') }}

),

named as (

    select
        movements.month_start_date as period_start_date,
        case movements.movement when 'churn' then 'churned' else movements.movement end || '_mrr'
            as metric_name,
        account_months.segment,
        movements.account_id,
        case
            when movements.movement in ('churn', 'contraction') then -movements.amount_usd
            else movements.amount_usd
        end as amount_usd
    from movements
    inner join account_months
        on movements.account_month_id = account_months.account_month_id

),

-- from the metric to its segments, from a segment to its accounts
summed as (

    select
        named.period_start_date,
        named.metric_name as parent_node,
        named.metric_name || '|' || named.segment as child_node,
        'segment' as child_level,
        named.metric_name,
        named.segment,
        cast(null as {{ column_type('varchar') }}) as account_id,
        sum(named.amount_usd) as amount_usd
    from named
    group by named.period_start_date, named.metric_name, named.segment
    union all
    select
        named.period_start_date,
        named.metric_name || '|' || named.segment as parent_node,
        named.metric_name || '|' || named.segment || '|' || named.account_id as child_node,
        'account' as child_level,
        named.metric_name,
        named.segment,
        named.account_id,
        named.amount_usd
    from named

)

select * from summed
