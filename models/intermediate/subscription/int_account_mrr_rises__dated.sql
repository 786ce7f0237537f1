with paid_ranges as (

    select
        ranges.account_id,
        ranges.valid_from_date,
        least(ranges.valid_until_date, {{ as_of_date() }}) as valid_until_date,
        ranges.mrr_cents
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges
    where
        ranges.service = 'paid'
        and ranges.account_id is not null
        and ranges.valid_from_date < {{ as_of_date() }}

),

starts as (

    select
        paid_ranges.account_id,
        paid_ranges.valid_from_date as from_date
    from paid_ranges
    union
    select
        paid_ranges.account_id,
        paid_ranges.valid_until_date as from_date
    from paid_ranges
    union
    -- before anything was paid
    select
        paid_ranges.account_id,
        cast('1900-01-01' as date) as from_date
    from paid_ranges

),

stretches as (

    select
        starts.account_id,
        starts.from_date,
        lead(starts.from_date, 1, cast('9999-01-01' as date)) over (
            partition by starts.account_id
            order by starts.from_date
        ) as until_date
    from starts

),

summed as (

    select
        stretches.account_id,
        stretches.from_date,
        stretches.until_date,
        coalesce(sum(paid_ranges.mrr_cents), 0) as mrr_cents
    from stretches
    left join paid_ranges
        on
            stretches.account_id = paid_ranges.account_id
            and stretches.from_date >= paid_ranges.valid_from_date
            and stretches.from_date < paid_ranges.valid_until_date
    group by stretches.account_id, stretches.from_date, stretches.until_date

),

risen as (

    select
        summed.account_id,
        summed.from_date,
        summed.until_date,
        summed.mrr_cents,
        min(later.from_date) as risen_date
    from summed
    left join summed as later
        on
            summed.account_id = later.account_id
            and later.from_date > summed.from_date
            and later.mrr_cents > summed.mrr_cents
            and later.mrr_cents * 100
            >= summed.mrr_cents * (100 + {{ var('expansion_rise_pct') }})
    group by summed.account_id, summed.from_date, summed.until_date, summed.mrr_cents

)

select * from risen
