-- The tenths of a week hold all of its accounts and all for which it came true.
with performance as (

    select * from {{ ref('rpt_realised_performance') }}

),

tenths as (

    select
        deciles.target,
        deciles.week_start_date,
        sum(deciles.accounts_count) as accounts_count,
        sum(deciles.positives_count) as positives_count
    from {{ ref('rpt_realised_deciles') }} as deciles
    group by deciles.target, deciles.week_start_date

)

select
    performance.target,
    performance.week_start_date
from performance
left join tenths
    on
        performance.target = tenths.target
        and performance.week_start_date = tenths.week_start_date
where
    tenths.accounts_count is null
    or tenths.accounts_count <> performance.accounts_count
    or tenths.positives_count <> performance.positives_count
