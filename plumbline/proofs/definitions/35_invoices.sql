-- Billed against booked, by the definitions page: invoice lines beside paid service days.
create temp table counted_lines as
with newest as (
    select * from staging.stg_subscription__invoice_versions
    qualify row_number() over (
        partition by invoice_id order by changed_at desc, known_at desc) = 1
)
select distinct l.invoice_id, l.line_id, l.subscription_id, l.is_proration,
    coalesce(l.account_id, n.account_id) as account_id,
    w.value <> 'paid' as is_unpaid, n.created_at, n.credited_minor * r.cents as credited,
    (l.amount_minor - l.discount_minor) * r.cents as paid,
    if(u.subscription_id is null, l.inclusive_tax_minor, 0) as tax,
    (l.amount_minor - l.discount_minor - tax) * r.cents as net,
    l.discount_minor * r.cents * coalesce(1 - tax / nullif(l.amount_minor - l.discount_minor, 0), 1)
        as discount,
    l.period_started_at as start_at, l.period_ended_at as end_at,
    l.billing_interval, l.billing_interval_count as every,
    -- an end within a day's last minute is midnight
    (l.period_started_at + interval 1 minute)::date as first_day,
    (l.period_ended_at + interval 1 minute)::date as end_day
from staging.stg_subscription__invoice_line_item_versions l
join newest n using (invoice_id, changed_at, known_at)
join reference.reported_values w
    on w.field = 'invoice_status' and w.reported_value = n.status and w.value is not null
join cents_per_unit r on r.currency = coalesce(l.currency, n.currency)
-- a tax of which nobody tells the rate is in MRR and in what was billed
left join (
    select subscription_id from (
        select * from lines where changed_at <= known_at
        qualify changed_at = max(changed_at) over (partition by subscription_id)
    ) group by all having bool_or(is_tax_untold)
) u on u.subscription_id = l.subscription_id
where l.subscription_id is not null and l.usage_type is distinct from 'metered'
    and not exists (select 1 from staging.stg_subscription__price_versions p
        where p.price_id = l.price_id and p.usage_type = 'metered')
    and l.period_ended_at > l.period_started_at
    and (l.is_proration or l.line_type is null
        or l.line_type in ('subscription', 'subscription_item_details'));

create temp table monthly_lines as
with sized as (
    select *, epoch(end_at - start_at) / 86400 as days from counted_lines
),
regular as (
    select *, case
        when billing_interval = 'year' then 12 * every
        when billing_interval = 'month' then every
        when billing_interval = 'week' then 12 / 52 * every
        when billing_interval = 'day' then 12 / 365 * every
        when days >= 27.5 and abs(days / 30.4375 - round(days / 30.4375)) <= 0.1
            then round(days / 30.4375)
        when round(days) % 7 = 0 then 12 / 52 * round(days) / 7
        else 12 / 365 * days
    end as months
    from sized
),
whole as (
    select subscription_id, end_at, max(days / months) as month_days
    from regular where not is_proration group by all
),
rated as (
    select r.*, case
        when not r.is_proration then 1 / r.months
        when w.month_days is not null then w.month_days / r.days
        when coalesce(r.billing_interval, 'month') = 'month'
            then day(date_trunc('month', r.end_at)::date - 1) / r.days
        else 365 / 12 / r.days
    end as rate
    from regular r left join whole w using (subscription_id, end_at)
)
select *, round(net * rate, 7) as cents, round(discount * rate, 7) as discount_cents,
    round(greatest(net, 0) * rate * coalesce(least(1, credited / nullif(
        sum(greatest(paid, 0)) over (partition by invoice_id), 0)), 0), 7) as credit_cents
from rated;

-- months of which invoices are on file
create temp table invoiced_months as
select m.period_start, m.period_end, i.first_invoice
from month_ends m,
    (select min(known_at)::date as first_known, min(created_at)::date as first_invoice
    from staging.stg_subscription__invoice_versions) i
where m.period_start >= i.first_known and exists (select 1 from counted_lines);

create temp table invoiced as
select m.period_end, l.subscription_id, min(l.account_id) as account_id,
    max(l.first_day) as last_billed,
    bool_or(not l.is_proration) as is_whole,
    coalesce(sum(l.cents) filter (not l.is_proration), 0)::decimal(28, 7).round()::bigint as whole,
    coalesce(sum(l.cents) filter (l.is_proration), 0)::decimal(28, 7).round()::bigint as part,
    coalesce(sum(l.cents) filter (l.is_unpaid and not l.is_proration), 0)
        ::decimal(28, 7).round()::bigint as unpaid,
    sum(l.credit_cents)::decimal(28, 7).round()::bigint as credit,
    sum(l.discount_cents)::decimal(28, 7).round()::bigint as discount
from monthly_lines l join invoiced_months m
    on l.first_day < m.period_end and l.end_day >= m.period_end
group by all;

-- what the vendor last said of each subscription by the month's end
create temp table last_words as
select m.period_end, v.subscription_id, p.monthly is null or v.is_held as is_price_unknown,
    p.monthly is not null and not v.is_held and (v.state <> 'active' or v.is_paused
        or coalesce(least(day_after(v.stops_at), day_after(case when v.will_cancel_at_period_end
            then coalesce(v.cancel_at, v.term_end) else v.cancel_at end)) < m.period_end, false))
        as is_out
from readable v left join plain_prices p using (subscription_id, n)
join invoiced_months m on v.effective::date < m.period_end
where not v.is_deleted
qualify row_number() over (partition by m.period_end, v.subscription_id
    order by v.effective desc, v.heard desc) = 1;

-- what was bought, whatever it cost
create temp table bought as
select r.subscription_id, r.effective as changed_at, sum(l.quantity) as quantity,
    min(l.plan_id) as first_plan, max(l.plan_id) as last_plan
from (select * from readable
    qualify heard = max(heard) over (partition by subscription_id, effective)) r
join lines l on l.subscription_id = r.subscription_id and l.changed_at = r.lines_effective
    and l.known_at = r.lines_heard
group by all;

create temp table unexplained as
with sides as (
    select coalesce(s.account_id, i.account_id, 'unassigned') as account_id, m.period_end,
        m.first_invoice, coalesce(s.subscription_id, i.subscription_id) as subscription_id,
        coalesce(s.cents, 0) as cents, s.changed_at, s.term_end, s.term_months,
        coalesce(s.is_held, false) as is_held,
        coalesce(i.whole, 0) as whole, coalesce(i.part, 0) as part, coalesce(i.unpaid, 0) as unpaid,
        coalesce(i.credit, 0) as credit, coalesce(i.discount, 0) as discount,
        coalesce(i.is_whole, false) as is_whole, i.last_billed
    from (select s.*, m.period_end from service_days s join invoiced_months m
        on s.day = m.period_end - 1 and s.kind = 'paid') s
    full join invoiced i
        on i.subscription_id = s.subscription_id and i.period_end = s.period_end
    join invoiced_months m on m.period_end = coalesce(s.period_end, i.period_end)
),
evidence as (
    select b.*, b.cents - b.whole - b.part as rest,
        b.is_held or coalesce(w.is_price_unknown and b.cents = 0, false) as is_price_unknown,
        coalesce(w.is_out and b.cents = 0, false) as is_out,
        t.cents as then_cents,
        coalesce(tb.quantity <> bb.quantity or tb.first_plan <> bb.first_plan
            or tb.last_plan <> bb.last_plan, false) as is_changed,
        not b.is_whole and (
            coalesce(b.term_end >= b.period_end
                and b.term_end - (31 * greatest(b.term_months, 1))::int < b.first_invoice, false)
            or exists (select 1 from monthly_lines l
                where l.subscription_id = b.subscription_id and not l.is_proration
                    and l.created_at >= l.end_at and l.end_day < b.period_end
                    and l.end_day + (l.end_day - l.first_day)::int >= getvariable('t') - 1)
        ) as is_outside
    from sides b
    left join last_words w using (period_end, subscription_id)
    left join service_days t on t.subscription_id = b.subscription_id and t.kind = 'paid'
        and t.day = b.last_billed
    left join bought bb on bb.subscription_id = b.subscription_id and bb.changed_at = b.changed_at
    left join bought tb on tb.subscription_id = t.subscription_id and tb.changed_at = t.changed_at
),
reasons as (
    select *, unnest([
        if(is_price_unknown, rest, 0),
        case when is_out then -whole - part when cents > 0 and is_changed
            then cents - coalesce(then_cents, cents) else 0 end,
        -credit,
        if(cents > coalesce(then_cents, cents) and not is_changed,
            least(cents - coalesce(then_cents, cents), discount), 0),
        if(is_outside, cents, 0)
    ]) as amount
    from evidence
),
summed as (
    select account_id, period_end, subscription_id, rest,
        sum(greatest(amount, 0)) as upward, sum(least(amount, 0)) as downward
    from reasons group by all
)
-- an account that nobody has on file yet is in no cut of its own
select coalesce(a.account_id, 'unassigned') as account_id, s.period_end,
    sum(case when rest > 0 then greatest(0, rest - upward) else least(0, rest - downward) end)
        as cents
from summed s left join accounts a on a.account_id = s.account_id and a.first_day < s.period_end
group by all;

-- metric: mrr_explained_by_invoices, seen by subscription
select c.grain, c.period_start, c.dimension_name, c.dimension_value,
    (sum(p.cents) filter (m.period_end is not null)
        - coalesce(sum(abs(u.cents)), 0)) / nullif(sum(p.cents), 0)
from cuts c
left join invoiced_months m on m.period_end = c.period_end
left join paid_at_end p on p.account_id = c.account_id and p.period_end = c.period_end
left join unexplained u on u.account_id = c.account_id and u.period_end = c.period_end
group by all;
