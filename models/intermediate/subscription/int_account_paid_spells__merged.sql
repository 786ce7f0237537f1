with paid_ranges as (

    select
        coalesce(ranges.account_id, 'unassigned') as account_id,
        ranges.valid_from_date,
        least(ranges.valid_until_date, {{ as_of_date() }}) as valid_until_date
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges
    where
        ranges.service = 'paid'
        and ranges.valid_from_date < {{ as_of_date() }}

),

reached as (

    select
        paid_ranges.*,
        max(paid_ranges.valid_until_date) over (
            partition by paid_ranges.account_id
            order by paid_ranges.valid_from_date, paid_ranges.valid_until_date
            rows between unbounded preceding and 1 preceding
        ) as reached_date
    from paid_ranges

),

numbered as (

    select
        reached.*,
        sum(
            case when reached.valid_from_date <= reached.reached_date then 0 else 1 end
        ) over (
            partition by reached.account_id
            order by reached.valid_from_date, reached.valid_until_date
            rows between unbounded preceding and current row
        ) as spell_number
    from reached

),

merged as (

    select
        numbered.account_id,
        numbered.spell_number,
        min(numbered.valid_from_date) as paid_from_date,
        max(numbered.valid_until_date) as paid_until_date
    from numbered
    group by numbered.account_id, numbered.spell_number

),

followed as (

    select
        merged.account_id,
        cast(merged.spell_number as bigint) as spell_number,
        merged.paid_from_date,
        merged.paid_until_date,
        lead(merged.paid_from_date) over (
            partition by merged.account_id
            order by merged.spell_number
        ) as returned_date
    from merged

)

select * from followed
