-- Revenue, by the definitions page.
create temp table balances as
select m.period_start, m.period_end, a.account_id,
    coalesce(now.cents, 0) as cents, case when now.account_id is null then 0 else now.seats end as seats,
    coalesce(before.cents, 0) as before_cents,
    exists (select 1 from paid_at_end e
        where e.account_id = a.account_id and e.period_end < m.period_end) as paid_before,
    exists (select 1 from paid_at_end e
        where e.account_id = a.account_id and e.period_end <= m.period_end) as ever_paid
from month_ends m
join accounts a on a.first_day < m.period_end
left join paid_at_end now on now.account_id = a.account_id and now.period_end = m.period_end
left join paid_at_end before
    on before.account_id = a.account_id and before.period_end = m.period_start;

-- one row per cut and account: the state at the period's end
create temp table at_end as
select c.*, b.cents, b.seats, b.ever_paid
from cuts c join balances b on b.account_id = c.account_id and b.period_end = c.period_end;

-- one row per cut, account and month of the period
create temp table movements as
select c.*,
    case when cents > 0 and not paid_before then cents else 0 end as new,
    case when cents > before_cents and before_cents > 0 then cents - before_cents else 0 end
        as expansion,
    case when cents < before_cents and cents > 0 then before_cents - cents else 0 end
        as contraction,
    case when cents = 0 then before_cents else 0 end as churned,
    case when before_cents = 0 and paid_before then cents else 0 end as reactivation
from cuts c join balances b
    on b.account_id = c.account_id
    and b.period_start >= c.period_start and b.period_end <= c.period_end;

-- churn: the first day without paid service of a gap longer than the churn gap
create temp table churns as
select account_id, day + 1 as churn_date, next_day, cents
from (select *, lead(day) over (partition by account_id order by day) as next_day from paid_days)
where coalesce(next_day, getvariable('t')) - (day + 1) > getvariable('gap');

-- cohorts, closed at the period's start: who paid on the day before it; a period before which
-- nobody paid is there, and has no rate
create temp table cohorts as
select c.*, s.cents as start_cents, if(s.cents is null, null, coalesce(e.cents, 0)) as end_cents,
    s.cents is not null and exists (select 1 from churns x where x.account_id = c.account_id
        and x.churn_date >= c.period_start and x.churn_date < c.period_end) as is_lost
from cuts c
-- what is kept of a row that nobody could read enters no rate
left join paid_at_end s on s.account_id = c.account_id and s.period_end = c.period_start
    and s.held_cents = 0 and not exists (select 1 from paid_at_end h
        where h.account_id = c.account_id and h.period_end = c.period_end and h.held_cents > 0)
left join paid_at_end e on e.account_id = c.account_id and e.period_end = c.period_end;

create temp table rates as
select grain, period_start, period_end, dimension_name, dimension_value,
    sum(start_cents) as start_cents,
    sum(end_cents) / sum(start_cents) as nrr,
    sum(least(start_cents, end_cents)) / sum(start_cents) as grr,
    count(*) filter (is_lost) / nullif(count(start_cents), 0) as logo_churn,
    period_end + getvariable('gap') <= getvariable('t') as is_settled
from cohorts group by all;

create temp table losses as
select m.grain, m.period_start, m.period_end, m.dimension_name, m.dimension_value,
    (sum(churned) + sum(contraction)) / any_value(r.start_cents) as gross,
    (sum(churned) + sum(contraction) - sum(expansion) - sum(reactivation))
        / any_value(r.start_cents) as net
from movements m
left join rates r using (grain, period_start, dimension_name, dimension_value)
where m.grain = 'month'
group by all;

-- the reason of the largest subscription that ended says whether a churn was wanted
create temp table churn_kinds as
with ended as (
    select x.account_id, x.churn_date, x.next_day, s.subscription_id, s.status
    from churns x join service_days s
        on s.account_id = x.account_id and s.kind = 'paid' and s.day = x.churn_date - 1
    qualify row_number() over (partition by x.account_id, x.churn_date
        order by s.cents desc, s.subscription_id) = 1
),
told as (
    select e.*, v.cancellation_reason
    from ended e join staging.stg_subscription__subscription_versions v
        on v.subscription_id = e.subscription_id
        and v.changed_at::date <= coalesce(e.next_day, date '9999-01-01')
    anti join contradictory c on c.subscription_id = v.subscription_id
        and c.changed_at = v.changed_at and c.known_at = v.known_at
    qualify row_number() over (partition by e.account_id, e.churn_date
        order by v.changed_at desc, v.known_at desc) = 1
)
select told.account_id, told.churn_date,
    coalesce(r.churn_kind, if(status = 'past_due', 'involuntary', 'voluntary')) as kind
from told left join reference.cancellation_reasons r using (cancellation_reason);

create temp table lost_accounts as
select c.*, k.churn_date, k.kind
from cuts c left join churn_kinds k
    on k.account_id = c.account_id
    and k.churn_date >= c.period_start and k.churn_date < c.period_end
where c.period_end + getvariable('gap') <= getvariable('t');

-- a term comes due where it was paid for and in force on its last day
create temp table terms as
with due as (
    select distinct subscription_id, term_end as due_date from service_days
    where kind = 'paid' and status <> 'past_due' and term_end > day
    -- passed without a newer row: nobody knows whether it was renewed
        and not (is_last_word and term_end <= getvariable('t'))
)
select d.subscription_id, d.due_date, s.account_id, s.cents,
    exists (select 1 from service_days n where n.kind = 'paid' and n.status <> 'past_due'
        and n.subscription_id = d.subscription_id
        and n.day between d.due_date and d.due_date + getvariable('gap'))
    or exists (
        -- a late renewal may come as a new subscription
        select 1 from (select subscription_id, account_id, min(day) as first_paid
            from service_days where kind = 'paid' group by all) f
        where f.account_id = s.account_id and f.account_id <> 'unassigned'
            and f.subscription_id <> d.subscription_id
            and f.first_paid between d.due_date and d.due_date + getvariable('gap')
    ) as is_renewed
from due d
join service_days s
    on s.subscription_id = d.subscription_id and s.kind = 'paid' and s.day = d.due_date - 1
where d.due_date + getvariable('gap') + 1 <= getvariable('t');

create temp table renewals as
select c.*, t.due_date, t.cents, t.is_renewed
from cuts c left join terms t
    on t.account_id = c.account_id
    and t.due_date >= c.period_start and t.due_date < c.period_end
where c.period_end + getvariable('gap') <= getvariable('t');

-- metric: mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(cents) / 100 from at_end group by all;
-- metric: arr, seen by subscription
select grain, period_start, dimension_name, dimension_value, 12 * sum(cents) / 100 from at_end group by all;
-- metric: paying_accounts, seen by subscription
select grain, period_start, dimension_name, dimension_value, count(*) filter (cents > 0) from at_end group by all;
-- metric: seats, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(seats) from at_end group by all;
-- metric: arpa, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(cents) / 100 / nullif(count(*) filter (cents > 0), 0) from at_end group by all;
-- metric: cohort_retention, seen by subscription
select grain, period_start, dimension_name, dimension_value, count(*) filter (cents > 0) / nullif(count(*) filter (ever_paid), 0) from at_end where grain = 'month' group by all;
-- metric: new_mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(new) / 100 from movements group by all;
-- metric: expansion_mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(expansion) / 100 from movements group by all;
-- metric: contraction_mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(contraction) / 100 from movements group by all;
-- metric: churned_mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(churned) / 100 from movements group by all;
-- metric: reactivation_mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(reactivation) / 100 from movements group by all;
-- metric: net_new_mrr, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(new + expansion + reactivation - contraction - churned) / 100 from movements group by all;
-- metric: quick_ratio, seen by subscription
select grain, period_start, dimension_name, dimension_value, sum(new + expansion + reactivation) / nullif(sum(churned + contraction), 0) from movements group by all;
-- metric: gross_revenue_retention, seen by subscription
select grain, period_start, dimension_name, dimension_value, grr from rates where grain = 'month';
-- metric: gross_revenue_retention_quarterly, seen by subscription
select grain, period_start, dimension_name, dimension_value, grr from rates where grain = 'quarter';
-- metric: gross_revenue_retention_yearly, seen by subscription
select grain, period_start, dimension_name, dimension_value, grr from rates where grain = 'year';
-- metric: net_revenue_retention, seen by subscription
select grain, period_start, dimension_name, dimension_value, nrr from rates where grain = 'month';
-- metric: net_revenue_retention_quarterly, seen by subscription
select grain, period_start, dimension_name, dimension_value, nrr from rates where grain = 'quarter';
-- metric: net_revenue_retention_yearly, seen by subscription
select grain, period_start, dimension_name, dimension_value, nrr from rates where grain = 'year';
-- metric: logo_churn_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, logo_churn from rates where grain = 'month' and is_settled;
-- metric: logo_churn_rate_quarterly, seen by subscription
select grain, period_start, dimension_name, dimension_value, logo_churn from rates where grain = 'quarter' and is_settled;
-- metric: logo_churn_rate_yearly, seen by subscription
select grain, period_start, dimension_name, dimension_value, logo_churn from rates where grain = 'year' and is_settled;
-- metric: logo_retention_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, 1 - logo_churn from rates where grain = 'month' and is_settled;
-- metric: annualised_logo_churn_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, 1 - (1 - logo_churn) ** (365 / (period_end - period_start)) from rates where grain = 'month' and is_settled;
-- metric: gross_mrr_churn_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, gross from losses;
-- metric: net_mrr_churn_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, net from losses;
-- metric: annualised_gross_mrr_churn_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, 1 - (1 - gross) ** (365 / (period_end - period_start)) from losses;
-- metric: revenue_logo_churn_gap, seen by subscription
select r.grain, r.period_start, r.dimension_name, r.dimension_value, l.gross - r.logo_churn
from rates r join losses l using (grain, period_start, dimension_name, dimension_value)
where r.is_settled;
-- metric: ltv, seen by gross_margin
select a.grain, a.period_start, a.dimension_name, a.dimension_value,
    sum(a.cents) / 100 / nullif(count(*) filter (a.cents > 0), 0)
    * (select gross_margin_ratio from reference.gross_margin where revenue_type = 'subscription')
    * case when any_value(l.gross) is null then null when any_value(l.gross) = 0 then 60
        else least(60, 1 / any_value(l.gross)) end
from at_end a left join losses l using (grain, period_start, dimension_name, dimension_value)
where a.grain = 'month' group by all;
-- metric: churned_accounts, seen by subscription
select grain, period_start, dimension_name, dimension_value, count(churn_date) from lost_accounts group by all;
-- metric: voluntary_churned_accounts, seen by subscription
select grain, period_start, dimension_name, dimension_value, count(*) filter (kind = 'voluntary') from lost_accounts group by all;
-- metric: involuntary_churned_accounts, seen by subscription
select grain, period_start, dimension_name, dimension_value, count(*) filter (kind = 'involuntary') from lost_accounts group by all;
-- metric: renewal_rate, seen by subscription
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_renewed) / nullif(count(due_date), 0) from renewals group by all;
-- metric: renewal_rate_arr, seen by subscription
select grain, period_start, dimension_name, dimension_value, coalesce(sum(cents) filter (is_renewed), 0) / nullif(sum(cents), 0) from renewals group by all;
