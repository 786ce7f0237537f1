with movements as (

    select * from {{ ref('fct_mrr_movements') }}
    where
        movement in ('expansion', 'new')
        and month_start_date >= {{ add_days(as_of_date(), -365) }}
        and month_start_date < {{ month_start(as_of_date()) }}

),

months as (

    select * from {{ ref('dim_account_months') }}

),

cut as (

    select
        case movements.movement when 'new' then 'conversion' else 'expansion' end as target,
        months.segment,
        movements.amount_usd,
        movements.mrr_before_usd
    from movements
    left join months
        on movements.account_month_id = months.account_month_id

),

summed as (

    select
        cut.target,
        cut.segment,
        count(*) as cases_count,
        {{ exact_sum('cut.amount_usd') }} as amount_usd,
        {{ exact_sum('cut.mrr_before_usd') }} as mrr_before_usd
    from cut
    where cut.segment is not null
    group by cut.target, cut.segment
    union all
    select
        cut.target,
        'all' as segment,
        count(*) as cases_count,
        {{ exact_sum('cut.amount_usd') }} as amount_usd,
        {{ exact_sum('cut.mrr_before_usd') }} as mrr_before_usd
    from cut
    group by cut.target

),

typical as (

    select
        summed.target,
        summed.segment,
        summed.cases_count,
        12 * {{ ratio('summed.amount_usd', 'summed.cases_count') }} as arr_usd,
        {{ ratio('summed.amount_usd', 'summed.mrr_before_usd') }} as arr_ratio
    from summed

)

select * from typical
