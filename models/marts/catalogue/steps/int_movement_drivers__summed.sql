with movements as (

    select * from {{ ref('fct_mrr_movements') }}

),

account_months as (

    select * from {{ ref('dim_account_months') }}

),

metrics as (

    select * from {{ ref('int_metrics__declared') }}

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

observed as (

    select named.*
    from named
    inner join metrics
        on
            named.metric_name = metrics.metric_name
            and named.period_start_date >= metrics.observed_from_date

),

-- from the metric to its segments, from a segment to its accounts
summed as (

    select
        observed.period_start_date,
        observed.metric_name as parent_node,
        observed.metric_name || '|' || observed.segment as child_node,
        'segment' as child_level,
        observed.metric_name,
        observed.segment,
        cast(null as {{ column_type('varchar') }}) as account_id,
        sum(observed.amount_usd) as amount_usd
    from observed
    group by observed.period_start_date, observed.metric_name, observed.segment
    union all
    select
        observed.period_start_date,
        observed.metric_name || '|' || observed.segment as parent_node,
        observed.metric_name || '|' || observed.segment || '|' || observed.account_id as child_node,
        'account' as child_level,
        observed.metric_name,
        observed.segment,
        observed.account_id,
        observed.amount_usd
    from observed

)

select * from summed
