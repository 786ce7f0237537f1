-- Paid service day by day, from the version logs as they are known at T.
create temp table items as
select subscription_id, changed_at, known_at,
    sum(quantity) as seats,
    -- exact to the seventh digit of a cent before it is rounded to whole cents
    sum(unit_amount_minor * quantity * case billing_interval
        when 'year' then 1.0 / 12 when 'month' then 1.0 when 'week' then 52.0 / 12
    end / billing_interval_count) as monthly_minor,
    min(case billing_interval when 'year' then 12 when 'month' then 1 when 'week' then 0 end
        * billing_interval_count) as term_months,
    arg_max(plan_id, (unit_amount_minor * quantity * case billing_interval
        when 'year' then 1.0 / 12 when 'month' then 1.0 when 'week' then 52.0 / 12
    end / billing_interval_count, item_id)) as plan_id
from (select distinct * from staging.stg_subscription__subscription_item_versions
    where quantity >= 0 and unit_amount_minor >= 0)
group by all;

-- two versions of the same moment that were known at the same time say nothing
create temp table contradictory as
select subscription_id, changed_at, known_at
from (select distinct * from staging.stg_subscription__subscription_versions)
group by all having count(*) > 1
union
select distinct subscription_id, changed_at, known_at
from (select distinct * from staging.stg_subscription__subscription_item_versions)
group by subscription_id, item_id, changed_at, known_at having count(*) > 1;

create temp table versions as
with latest as (
    select v.*,
        i.seats, i.plan_id, i.term_months,
        round((i.monthly_minor * (1 - coalesce(v.discount_pct, 0) / 100.0) * r.usd_per_unit)
            ::decimal(28, 7))::bigint as cents
    from (select distinct * from staging.stg_subscription__subscription_versions) v
    anti join contradictory c using (subscription_id, changed_at, known_at)
    left join items i using (subscription_id, changed_at, known_at)
    left join reference.currency_rates r on r.currency = v.currency
    -- the latest word on each moment of change
    qualify known_at = max(known_at) over (partition by subscription_id, changed_at)
        and not bool_or(is_deleted) over (partition by subscription_id)
)
select *,
    case
        -- nothing older is on record: it holds from the start
        when row_number() over history = 1
            then least(changed_at::date, started_at::date, coalesce(trial_started_at, started_at)::date)
        else changed_at::date
    end as first_day,
    coalesce(lead(changed_at::date) over history, getvariable('t')) as next_day,
    last(ended_at::date) over (
        partition by subscription_id order by changed_at
        rows between unbounded preceding and unbounded following
    ) as final_end
from latest
window history as (partition by subscription_id order by changed_at);

-- one row per subscription and day on which it gives service
create temp table service_days as
select subscription_id, coalesce(account_id, 'unassigned') as account_id, day, changed_at,
    status, cents, seats, plan_id, term_months, period_ended_at::date as term_end,
    case when status = 'trialing' then 'trial' else 'paid' end as kind
from (select *, unnest(generate_series(first_day, next_day - 1, interval 1 day))::date as day
    from versions)
where not is_paused
    and (
        (status in ('active', 'past_due') and cents > 0 and day >= started_at::date)
        or (status = 'trialing' and cents is not null
            and day < coalesce(trial_ended_at::date, date '9999-01-01'))
    )
    and (status <> 'past_due' or day < changed_at::date + getvariable('grace'))
    and day < coalesce(ended_at::date, date '9999-01-01')
    and day < coalesce(final_end, date '9999-01-01')
    and day < getvariable('t');

create temp table paid_days as
select account_id, day, sum(cents) as cents, sum(seats) as seats
from service_days where kind = 'paid' group by all;
