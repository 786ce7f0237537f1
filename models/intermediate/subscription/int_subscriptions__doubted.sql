with ranges as (

    select * from {{ ref('int_subscription_versions__valid_ranged') }}
    where
        valid_from_date < {{ as_of_date() }}
        and valid_until_date >= {{ as_of_date() }}
        and service in ('paid', 'unknown')

),

judged as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

held as (

    select * from {{ ref('int_account_mrr__held') }}
    where
        clock = 'valid'
        and from_date < {{ as_of_date() }}
        and until_date >= {{ as_of_date() }}

),

discounts as (

    -- the customer's matters only where the subscription has none of its own
    select
        discounts.subscription_id,
        discounts.version_number,
        max(case when not discounts.is_of_customer then 1 else 0 end) as has_own,
        max(case when discounts.unreadable is not null and not discounts.is_of_customer
            then 1 else 0 end) as is_own_unreadable,
        max(case when discounts.unreadable is not null then 1 else 0 end) as is_any_unreadable
    from {{ ref('int_subscription_discounts__dated') }} as discounts
    where
        discounts.from_date < {{ as_of_date() }}
        and discounts.until_date >= {{ as_of_date() }}
    group by discounts.subscription_id, discounts.version_number

),

-- recurring lines in force when the last of them began: what the last invoices bill
billed as (

    select
        lines.subscription_id,
        lines.monthly_cents,
        lines.valid_until_date,
        max(lines.valid_from_date) over (partition by lines.subscription_id) as last_from_date
    from {{ ref('int_invoice_lines__normalised') }} as lines
    where not lines.is_proration and lines.valid_from_date < {{ as_of_date() }}

),

billed_summed as (

    select
        billed.subscription_id,
        cast(round(sum(billed.monthly_cents)) as bigint) as billed_cents
    from billed
    where billed.last_from_date < billed.valid_until_date
    group by billed.subscription_id

),

in_force as (

    select
        ranges.subscription_id,
        ranges.account_id,
        ranges.is_last_word,
        ranges.term_end_date,
        case when ranges.service = 'unknown' then held.mrr_cents else ranges.mrr_cents end
            as mrr_cents,
        billed_summed.billed_cents,
        judged.changed_at,
        judged.put_aside_because,
        judged.reported_status,
        judged.unreadable,
        judged.unpriced_items,
        judged.is_item_list_cut,
        case
            when discounts.has_own = 1 then discounts.is_own_unreadable
            else coalesce(discounts.is_any_unreadable, 0)
        end = 1 as has_unreadable_discount
    from ranges
    inner join judged
        on
            ranges.subscription_id = judged.subscription_id
            and ranges.version_number = judged.version_number
    left join held
        on ranges.subscription_id = held.subscription_id
    left join discounts
        on
            ranges.subscription_id = discounts.subscription_id
            and ranges.version_number = discounts.version_number
    left join billed_summed
        on ranges.subscription_id = billed_summed.subscription_id

),

doubted as (

    select
        in_force.subscription_id,
        in_force.account_id,
        case
            when in_force.put_aside_because is not null then in_force.put_aside_because
            when in_force.unpriced_items > 0 then 'item_unpriced'
            when in_force.is_item_list_cut then 'items_truncated'
            when in_force.has_unreadable_discount then 'discount_unreadable'
            -- the period that was paid for is over, and no row came since
            when
                in_force.is_last_word
                and {{ add_days('in_force.term_end_date', var('stale_after_days')) }}
                <= {{ as_of_date() }}
                then 'stale'
        end as doubt,
        coalesce(in_force.unreadable, in_force.reported_status) as reported_value,
        cast(in_force.changed_at as date) as since_date,
        coalesce(in_force.mrr_cents, 0) as mrr_cents,
        in_force.billed_cents
    from in_force

)

select * from doubted
