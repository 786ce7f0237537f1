-- Paid service day by day, from the version logs as they are known at T.
create temp table cents_per_unit as
select currency, usd_per_unit * pow(10, 2 - minor_unit_digits) as cents from reference.currency_rates;

create temp table months_of as
select reported_value as word,
    case value when 'year' then 12.0 when 'month' then 1.0 when 'week' then 12.0 / 52
        when 'day' then 12.0 / 365 end as months
from reference.reported_values where field = 'billing_interval';

-- phases that a schedule told before they began, and that no newer version of it took back
create temp table phases as
select *
from (
    select *, case when bool_and(phase_ended_at is not null)
            over (partition by schedule_id, changed_at, known_at)
        then max(phase_ended_at) over (partition by schedule_id, changed_at, known_at) end as last_end
    from staging.stg_subscription__scheduled_item_versions
) p
where subscription_id is not null and status in ('not_started', 'active')
    and phase_started_at > changed_at
    and not exists (
        select 1 from staging.stg_subscription__scheduled_item_versions n
        where n.schedule_id = p.schedule_id and (n.changed_at, n.known_at) > (p.changed_at, p.known_at)
            and n.changed_at <= p.phase_started_at
    );

create temp table lines as
with listed as (
    select * exclude (quantity_unit, is_add_on, period_started_at, period_ended_at),
        quantity_unit, is_add_on, period_started_at, period_ended_at
    from (select distinct * from staging.stg_subscription__subscription_item_versions)
    where coalesce(quantity, 0) >= 0 and coalesce(unit_amount_minor, 0) >= 0
    union all by name
    select subscription_id, price_id as item_id, phase_started_at as changed_at, known_at, plan_id,
        price_id, quantity, unit_amount_minor, tiers_mode, price_tiers, quantity_divisor,
        quantity_rounding, usage_type, currency, billing_interval, billing_interval_count,
        tax_behavior, inclusive_tax_percent, trial_ended_at
    from phases
),
completed as (
    select l.* replace (
            coalesce(l.plan_id, p.plan_id) as plan_id,
            coalesce(l.unit_amount_minor, p.unit_amount_minor) as unit_amount_minor,
            coalesce(l.tiers_mode, p.tiers_mode) as tiers_mode,
            coalesce(l.price_tiers, p.price_tiers) as price_tiers,
            coalesce(l.quantity_divisor, p.quantity_divisor) as quantity_divisor,
            coalesce(l.quantity_rounding, p.quantity_rounding) as quantity_rounding,
            coalesce(l.usage_type, p.usage_type) as usage_type,
            -- an amount that only the price's record says is in the record's currency
            coalesce(case when l.unit_amount_minor is null and l.price_tiers is null
                then p.currency end, l.currency, p.currency) as currency,
            coalesce(l.billing_interval, p.billing_interval) as billing_interval,
            coalesce(l.tax_behavior, p.tax_behavior) as tax_behavior,
            coalesce(l.billing_interval_count, p.billing_interval_count, 1) as billing_interval_count
        )
    from listed l
    left join (
        select * from staging.stg_subscription__price_versions
        qualify row_number() over (partition by price_id order by known_at, changed_at desc) = 1
    ) p on p.price_id = l.price_id
),
units as (
    select *,
        case when coalesce(quantity_divisor, 1) <= 1 then quantity
            when quantity_rounding = 'down' then quantity // quantity_divisor
            else (quantity + quantity_divisor - 1) // quantity_divisor end as units,
        from_json(price_tiers, '["json"]') as tiers
    from completed
),
-- walked tier by tier, in the order in which the vendor lists them
amounts as (
    select u.*,
        coalesce(u.unit_amount_minor * u.units, (
            select case when bool_and(t.price is not null or t.flat is not null) then
                case when u.tiers_mode = 'volume'
                    then arg_max(u.units * coalesce(t.price, 0) + coalesce(t.flat, 0), t.low)
                else sum((least(u.units, t.high) - t.low) * coalesce(t.price, 0)
                    + coalesce(t.flat, 0)) end end
            from (
                select try_cast(coalesce(x->>'unit_amount', x->>'unit_amount_decimal') as double) as price,
                    try_cast(coalesce(x->>'flat_amount', x->>'flat_amount_decimal') as double) as flat,
                    coalesce(try_cast(x->>'up_to' as double), 'infinity') as high,
                    coalesce(lag(try_cast(x->>'up_to' as double)) over (order by place), 0) as low
                from (select unnest(u.tiers) as x, generate_subscripts(u.tiers, 1) as place)
            ) t
            where u.units > t.low or t.low = 0
        )) as minor
    from units u
)
select a.subscription_id, a.item_id, a.changed_at, a.known_at, a.plan_id, a.quantity,
    a.period_started_at, a.period_ended_at, a.trial_ended_at, a.unreadable,
    coalesce(a.usage_type, 'licensed') = 'metered' as is_metered,
    coalesce(a.is_add_on, p.is_add_on, false) as is_add_on,
    case when coalesce(a.quantity_unit, p.quantity_unit) = 'seats' then a.quantity end as seats,
    m.months * a.billing_interval_count as months,
    1 + coalesce(a.inclusive_tax_percent, 0) / 100 as with_tax,
    coalesce(a.tax_behavior = 'inclusive' and a.inclusive_tax_percent is null, false) as is_tax_untold,
    case when coalesce(a.usage_type, 'licensed') = 'metered' then 0
        else a.minor * c.cents / (m.months * a.billing_interval_count) end / with_tax as monthly
from amounts a
left join months_of m on m.word = a.billing_interval
left join cents_per_unit c on c.currency = a.currency
left join (
    select * from staging.stg_master_records__plan_versions
    qualify row_number() over (partition by plan_id order by known_at, changed_at desc) = 1
) p on p.plan_id = a.plan_id;

-- two versions of the same moment that were known at the same time say nothing
create temp table contradictory as
select subscription_id, changed_at, known_at
from (select distinct * from staging.stg_subscription__subscription_versions)
group by all having count(*) > 1
union
select distinct subscription_id, changed_at, known_at
from (select distinct * from staging.stg_subscription__subscription_item_versions)
group by subscription_id, item_id, changed_at, known_at having count(*) > 1;

create temp table said as
select distinct v.* replace (coalesce(v.account_id, c.account_id) as account_id),
    w.value as state, w.reported_value is null as is_unmapped
from staging.stg_subscription__subscription_versions v
anti join contradictory x using (subscription_id, changed_at, known_at)
left join reference.reported_values w
    on w.field = 'subscription_status' and w.reported_value = v.status
left join (
    select customer_id, account_id from staging.stg_subscription__customer_versions
    where account_id is not null
    qualify row_number() over (partition by customer_id order by known_at, changed_at) = 1
) c on c.customer_id = v.customer_id;

-- what a schedule or a customer says of a subscription is a version of it, too
create temp table told_versions as
with customers as (
    -- the oldest record holds from the start
    select *, bool_or(discount_id is not null) over (partition by customer_id) as ever_discounted,
        case when changed_at > min(changed_at) over (partition by customer_id)
            then changed_at else timestamp '1900-01-01' end as holds_from
    from staging.stg_subscription__customer_versions
),
elsewhere as (
    select distinct subscription_id, phase_started_at as effective, known_at as heard, 3 as kind from phases
    union all
    select distinct subscription_id, last_end, known_at, 2 from phases
    where will_cancel_at_end and last_end is not null
    union all
    select distinct s.subscription_id, c.changed_at, c.known_at, 4
    from customers c join said s using (customer_id) where c.ever_discounted
),
all_told as (
    select subscription_id, changed_at as effective, known_at as heard, 1 as kind,
        changed_at as state_effective, known_at as state_heard
    from said
    union all
    select e.*, max(s.changed_at), arg_max(s.known_at, (s.changed_at, s.known_at))
    from elsewhere e join (select distinct subscription_id, changed_at, known_at
            from staging.stg_subscription__subscription_versions) s
        on s.subscription_id = e.subscription_id and s.changed_at < e.effective and s.known_at <= e.heard
    group by all
)
select t.effective, t.heard, t.kind, s.*,
    case when t.kind = 3 then t.effective else t.state_effective end as lines_effective,
    case when t.kind = 3 then t.heard else t.state_heard end as lines_heard,
    c.changed_at as customer_effective, c.known_at as customer_heard
from (select * from all_told
    qualify row_number() over (partition by subscription_id, effective, heard order by kind) = 1) t
join said s on s.subscription_id = t.subscription_id and s.changed_at = t.state_effective
    and s.known_at = t.state_heard
left join (select * from customers where ever_discounted) c
    on c.customer_id = s.customer_id and c.holds_from <= t.effective
qualify row_number() over (partition by t.subscription_id, t.effective, t.heard
    order by c.changed_at desc nulls last, c.known_at desc) = 1;

-- a version that nobody can read is put aside: the last one read goes on
create temp table readable as
with summed as (
    select subscription_id, changed_at, known_at, sum(monthly) as monthly, count(*) as lines,
        count(monthly) as priced, min(period_started_at) as term_start,
        max(period_ended_at) as term_end, max(unreadable) as unreadable,
        max(trial_ended_at) as phase_trial_end
    from lines group by all
),
judged as (
    select t.* replace (
            -- a phase may begin with a trial
            case when t.state = 'active' and l.phase_trial_end > t.effective then 'trialing'
                else t.state end as state,
            coalesce(l.phase_trial_end, t.trial_ended_at) as trial_ended_at
        ),
        coalesce(t.period_started_at, l.term_start) as term_start,
        coalesce(t.period_ended_at, l.term_end) as term_end,
        t.is_deleted or not (
            t.unreadable is not null or t.is_unmapped
            or (t.period_ended_at is null and l.unreadable is not null)
            or (t.kind <> 2 and t.state in ('active', 'past_due')
                and not (t.is_paused and t.resumes_at is null) and (l.lines is null
                or (coalesce(l.monthly, 0) = 0 and l.priced < l.lines)))
        ) as is_read,
        row_number() over (partition by t.subscription_id order by t.effective, t.heard) as n
    from told_versions t
    left join summed l on l.subscription_id = t.subscription_id and l.changed_at = t.lines_effective
        and l.known_at = t.lines_heard
),
numbered as (
    select *, max(case when is_read then n end) over (partition by subscription_id order by n) as origin
    from judged
)
select v.subscription_id, v.n, v.effective, greatest(v.heard, o.heard) as heard,
    coalesce(o.account_id, v.account_id) as account_id,
    v.origin is not null as was_read, not v.is_read as is_held,
    case when o.kind = 2 then 'canceled' else o.state end as state,
    o.* exclude (subscription_id, n, effective, heard, account_id, state, is_read, origin, kind),
    case when o.kind = 2 then o.effective else o.ended_at end as stops_at
from numbered v join numbered o
    on o.subscription_id = v.subscription_id and o.n = coalesce(v.origin, v.n);

-- the day on which an end counts: one within a day's last minute is midnight
create or replace temp macro day_after(moment) as (moment + interval 1 minute)::date;

create temp table discounts as
with owned as (
    select r.subscription_id, r.n, d.item_id, d.discount_id, false as is_customers,
        false as is_of_phase, d.percent_off,
        d.amount_off_minor, d.currency, d.duration, d.duration_months, d.applies_to_plans,
        d.started_at, d.ended_at
    from readable r join (select distinct * from staging.stg_subscription__discount_versions) d
        on d.subscription_id = r.subscription_id and d.changed_at = r.changed_at
        and d.known_at = r.known_at
    anti join (select * from phases where has_own_discounts) p
        on p.subscription_id = r.subscription_id and p.phase_started_at = r.lines_effective
        and p.known_at = r.lines_heard
    union all
    -- a phase that says which discounts hold: new ones, and those of the subscription that it names
    select r.subscription_id, r.n, s.item_id, s.discount_id, false, not s.is_reused,
        coalesce(d.percent_off, s.percent_off), coalesce(d.amount_off_minor, s.amount_off_minor),
        coalesce(d.currency, s.currency), coalesce(d.duration, s.duration),
        coalesce(d.duration_months, s.duration_months),
        coalesce(d.applies_to_plans, s.applies_to_plans),
        coalesce(d.started_at, s.started_at, s.phase_started_at), coalesce(d.ended_at, s.ended_at)
    from readable r
    join (select distinct * from staging.stg_subscription__scheduled_discount_versions) s
        on s.subscription_id = r.subscription_id and s.phase_started_at = r.lines_effective
        and s.known_at = r.lines_heard
    left join (select distinct * exclude (item_id) from staging.stg_subscription__discount_versions) d
        on s.is_reused and d.subscription_id = r.subscription_id and d.changed_at = r.changed_at
        and d.known_at = r.known_at and d.discount_id = s.discount_id
    union all
    select r.subscription_id, r.n, null, d.discount_id, true, false, d.percent_off, d.amount_off_minor,
        d.currency, d.duration, d.duration_months, d.applies_to_plans, d.started_at, d.ended_at
    from readable r join (select distinct * from staging.stg_subscription__customer_versions
        where discount_id is not null) d
        on d.customer_id = r.customer_id and d.changed_at = r.customer_effective
        and d.known_at = r.customer_heard
)
select o.*, o.amount_off_minor * c.cents as off_cents,
    coalesce(o.started_at::date, date '1900-01-01') as first_day,
    case
        when o.ended_at is not null then day_after(o.ended_at)
        when o.duration = 'once' and o.started_at < r.term_start::date then r.term_start::date
        when o.duration = 'once' then coalesce(
            case when not o.is_of_phase then day_after(r.term_end) end,
            (coalesce(o.started_at, r.effective)::date + to_months(greatest(b.bills, 1)))::date)
        when o.duration = 'repeating' and o.duration_months is not null
            then (coalesce(o.started_at, r.effective)::date + to_months(o.duration_months::int))::date
        else date '9999-01-01'
    end as next_day
from owned o
join readable r using (subscription_id, n)
left join (select subscription_id, changed_at, known_at,
        min(case when months < 1 then 0 else months::int end)::int as bills from lines group by all) b
    on b.subscription_id = r.subscription_id and b.changed_at = r.lines_effective and b.known_at = r.lines_heard
left join cents_per_unit c on c.currency = o.currency;

create temp table timeline as
with latest as (
    -- the latest word on each moment of change
    select * from readable
    qualify heard = max(heard) over (partition by subscription_id, effective)
),
kept as (
    select * from latest
    qualify not last(is_deleted) over (partition by subscription_id order by n
        rows between unbounded preceding and unbounded following)
),
-- from which day on a version counts: one that ends service in a day's last minute, from the next
placed as (
    select *,
        case
            when was_read and (is_deleted or state not in ('trialing', 'active', 'past_due')
                or (is_paused and resumes_at is null))
                then day_after(effective) else effective::date end as change_day,
        case when row_number() over (partition by subscription_id order by n) = 1 then
            least(effective::date, coalesce(trial_started_at, started_at, effective)::date, coalesce(started_at, effective)::date)
        end as from_start
    from kept
)
select *, coalesce(from_start, change_day) as first_day,
    stops_at is null and cancel_at is null and not coalesce(will_cancel_at_period_end, false)
        and state <> 'past_due' and n = max(case when change_day < getvariable('t') then n end)
            over (partition by subscription_id) as is_last_word,
    coalesce(min(change_day) over (partition by subscription_id order by n
        rows between 1 following and unbounded following), getvariable('t')) as next_day,
    min(case when not is_held then day_after(stops_at) end) over (partition by subscription_id order by n
        rows between current row and unbounded following) as final_end,
    case when state = 'past_due' and not is_held then max(case when not was_due then effective end) over (
        partition by subscription_id order by n) end as due_since
from (select *, coalesce(lag(state = 'past_due' and not is_held) over (
        partition by subscription_id order by n), false) as was_due from placed);

-- one row per subscription and day on which it is there
create temp table days as
select t.*, d.day,
    case
        when not was_read then 'unknown'
        -- what was over when it could no longer be read does not go on
        when is_held and effective::date >= least(
            coalesce(day_after(stops_at), date '9999-01-01'),
            coalesce(day_after(case when will_cancel_at_period_end
                then coalesce(cancel_at, term_end) else cancel_at end), date '9999-01-01'),
            case when state = 'past_due' then changed_at::date + getvariable('grace')
                else date '9999-01-01' end) then 'none'
        when is_deleted or (is_paused and (resumes_at is null or d.day < resumes_at::date)) then 'none'
        when state = 'trialing' and (trial_ended_at is null or d.day < day_after(trial_ended_at)) then 'trial'
        when state = 'trialing' and will_trial_end_unpaid then 'none'
        when state in ('trialing', 'active', 'past_due') then 'paid'
        else 'none'
    end as service
from timeline t, lateral (select unnest(generate_series(first_day, next_day - 1, interval 1 day))::date as day) d
where d.day < getvariable('t')
    and (is_held or (
        d.day < coalesce(final_end, date '9999-01-01')
        and d.day < coalesce(day_after(case when will_cancel_at_period_end
            then coalesce(cancel_at, term_end) else cancel_at end), date '9999-01-01')
        and (state <> 'past_due' or d.day < due_since::date + getvariable('grace'))));

-- what a day costs: each line after the discounts that stand on it
create temp table discounted_days as
with standing as (
    select d.subscription_id, d.n, d.day, l.item_id, l.monthly * l.with_tax as monthly,
        l.months, l.with_tax, x.discount_id,
        x.item_id is not null as is_items,
        ln(greatest(1 - coalesce(x.percent_off, 0) / 100, 1e-12)) as kept, x.off_cents
    from (select subscription_id, n, day, lines_effective, lines_heard from days) d
    join discounts x on x.subscription_id = d.subscription_id and x.n = d.n
        and d.day >= x.first_day and d.day < x.next_day
    join lines l on l.subscription_id = d.subscription_id and l.changed_at = d.lines_effective
        and l.known_at = d.lines_heard and l.monthly > 0
        and coalesce(x.item_id, l.item_id) = l.item_id
        and (x.applies_to_plans is null or list_contains(from_json(x.applies_to_plans, '["varchar"]'), l.plan_id))
    where not x.is_customers or not exists (select 1 from discounts y
        where y.subscription_id = d.subscription_id and y.n = d.n and not y.is_customers
            and d.day >= y.first_day and d.day < y.next_day)
),
after_shares as (
    select subscription_id, n, day, item_id, months, with_tax,
        greatest(0, any_value(monthly) * exp(coalesce(sum(kept) filter (is_items), 0))
            - coalesce(sum(off_cents) filter (is_items), 0) / months)
        * exp(coalesce(sum(kept) filter (not is_items), 0)) as monthly
    from standing group by subscription_id, n, day, item_id, months, with_tax
),
off as (
    select subscription_id, n, day, item_id, sum(off_cents / months * share) as off
    from (select s.*, a.monthly / nullif(sum(a.monthly) over (
                partition by s.subscription_id, s.n, s.day, s.discount_id), 0) as share
        from standing s join after_shares a using (subscription_id, n, day, item_id)
        where not s.is_items and s.off_cents is not null)
    group by all
)
select subscription_id, n, day, item_id, greatest(0, monthly - coalesce(off, 0)) / with_tax as monthly
from after_shares left join off using (subscription_id, n, day, item_id);

create temp table plain_prices as
select r.subscription_id, r.n, sum(l.monthly) as monthly, sum(l.seats) as seats,
    min(case when l.months < 1 then 0 else l.months end)::bigint as term_months,
    arg_min(case when l.is_add_on then 'add-on only' else l.plan_id end,
        (case when l.is_add_on or l.is_metered then 1 else 0 end, -coalesce(l.monthly, 0), l.item_id)) as plan_id
from readable r join lines l on l.subscription_id = r.subscription_id and l.changed_at = r.lines_effective
    and l.known_at = r.lines_heard
group by all;

-- rounded once, exact to the seventh digit of a cent before
create temp table service_days as
with reduced as (
    select d.subscription_id, d.n, d.day, sum(coalesce(x.monthly, l.monthly)) as monthly
    from (select distinct subscription_id, n, day from discounted_days) d
    join readable r using (subscription_id, n)
    join lines l on l.subscription_id = d.subscription_id and l.changed_at = r.lines_effective
        and l.known_at = r.lines_heard
    left join discounted_days x on x.subscription_id = d.subscription_id and x.n = d.n
        and x.day = d.day and x.item_id = l.item_id
    group by all
),
priced as (
    select d.*, p.seats, p.plan_id, p.term_months,
        round(coalesce(x.monthly, p.monthly)::decimal(28, 7))::bigint as cents
    from days d
    left join plain_prices p using (subscription_id, n)
    left join reduced x using (subscription_id, n, day)
)
select subscription_id, coalesce(account_id, 'unassigned') as account_id, day, effective as changed_at,
    state as status, cents, seats, plan_id, term_months, day_after(term_end) as term_end, service as kind,
    is_held, is_last_word
from priced
where service = 'trial' or (day >= coalesce(started_at::date, day)
    and (service = 'unknown' or (service = 'paid' and cents > 0)));

-- an account keeps what it had while a subscription of it is there that was never readable
create temp table held_days as
with unknown as (
    select distinct account_id, day from service_days where kind = 'unknown'
),
islands as (
    select account_id, day, day - row_number() over (partition by account_id order by day)::int as island
    from unknown
),
begun as (
    select account_id, island, min(day) as first_day from islands group by all
),
before as (
    select b.account_id, b.island, max(s.day) as last_day
    from begun b join service_days s
        on s.account_id = b.account_id and s.kind = 'paid' and s.day < b.first_day
    group by all having b.first_day - max(s.day) - 1 <= getvariable('gap')
),
kept as (
    select b.account_id, b.island, sum(s.cents) as cents, max(s.plan_id) as plan_id
    from before b join service_days s
        on s.account_id = b.account_id and s.kind = 'paid' and s.day = b.last_day
    group by all
)
select i.account_id, i.day, k.plan_id,
    (select min(u.subscription_id) from service_days u where u.account_id = i.account_id
        and u.kind = 'unknown' and u.day = i.day) as subscription_id,
    k.cents - coalesce((select sum(s.cents) from service_days s
        where s.account_id = i.account_id and s.kind = 'paid' and s.day = i.day), 0) as cents
from islands i join kept k using (account_id, island);

insert into service_days by name
select subscription_id, account_id, day, null::timestamp as changed_at, 'active' as status, cents,
    null::bigint as seats, plan_id, null::bigint as term_months, null::date as term_end,
    'paid' as kind, true as is_held, true as is_last_word
from held_days where cents > 0;
delete from service_days where kind = 'unknown';

create temp table paid_days as
select account_id, day, sum(cents) as cents, sum(seats) as seats,
    sum(case when is_held then cents else 0 end) as held_cents
from service_days where kind = 'paid' group by all;
