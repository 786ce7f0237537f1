-- Use of the product, by the definitions page: one row per user, account and day.
create temp table people as
select user_id,
    not exists (select 1 from reference.internal_user_rules r
        where (r.matches_on = 'email_domain' and r.match_value = u.email_domain)
            or (r.matches_on = 'user_type' and r.match_value = u.user_type)) as is_person,
    latest.until_day
from (select user_id,
        arg_min(email_domain, (known_at::date, changed_at, known_at)) as email_domain,
        arg_min(user_type, (known_at::date, changed_at, known_at)) as user_type
    from staging.stg_master_records__user_versions group by user_id) u
join (select user_id, least(coalesce(deactivated_at, timestamp '9999-01-01'),
        if(is_deleted, changed_at, timestamp '9999-01-01'))::date as until_day
    from staging.stg_master_records__user_versions
    qualify row_number() over (partition by user_id order by changed_at desc, known_at desc) = 1
) latest using (user_id);

create temp table homes as
select workspace_id, arg_min(account_id, (known_at::date, changed_at, known_at)) as account_id
from staging.stg_master_records__workspace_versions
where account_id is not null group by workspace_id;

-- deliveries of one id, user, workspace, type and day are one event
create temp table user_events as
select h.account_id, e.user_id, e.day, e.event_type, count(*) as events
from (
    select workspace_id, user_id, event_type, occurred_at::date as day
    from staging.stg_usage__events
    group by event_id, workspace_id, user_id, event_type, occurred_at::date
) e
join people p on p.user_id = e.user_id and p.is_person
join homes h on h.workspace_id = e.workspace_id
group by all;

create temp table user_days as
select account_id, user_id, day, sum(events) as events,
    coalesce(sum(events) filter (t.is_core_action), 0) as core,
    coalesce(sum(events) filter (t.is_comment), 0) as comments,
    coalesce(sum(events) filter (t.is_invite), 0) as invites
from user_events left join reference.event_types t using (event_type)
group by all;

create temp table user_ends as
select u.account_id, u.user_id, m.period_end,
    bool_or(day >= period_end - 7) as in_7,
    bool_or(day >= period_end - 28) as in_28,
    bool_or(day >= period_end - 30) as in_30,
    bool_or(day < period_end - 30) as in_earlier_30,
    count(*) filter (day >= period_end - 28) as days_28,
    count(*) filter (day >= period_end - 28 and dayofweek(day) between 1 and 5) as weekdays_28,
    count(*) filter (day >= period_end - 30) as days_30,
    coalesce(sum(comments) filter (day >= period_end - 30), 0) > 0 as commented,
    coalesce(sum(invites) filter (day >= period_end - 30), 0) as invites,
    coalesce(sum(events) filter (day >= period_end - 30), 0) as events_30,
    coalesce(sum(events) filter (day < period_end - 30), 0) as events_earlier_30
from user_days u join month_ends m on u.day < m.period_end and u.day >= m.period_end - 60
group by all;

create temp table ages as
select account_id, min(day) as first_service from service_days group by all;

-- means over the window's calendar days, or the account's age in days where it is younger
create temp table means as
select m.account_id, m.period_end,
    count(u.user_id) filter (day >= period_end - least(7, age)) / least(7, age) as dau_7,
    count(u.user_id) filter (day >= period_end - least(14, age)) / least(14, age) as dau_14,
    count(u.user_id) filter (day >= period_end - least(30, age)) / least(30, age) as dau_30,
    coalesce(sum(u.core) filter (day >= period_end - least(7, age)), 0) / least(7, age) as core_7,
    coalesce(sum(u.core) filter (day >= period_end - least(30, age)), 0) / least(30, age) as core_30
from (select a.account_id, period_end,
        if(first_service < period_end, period_end - first_service, 99999)::int as age
    from accounts a join month_ends on a.first_day < period_end
    left join ages using (account_id)) m
left join user_days u on u.account_id = m.account_id
    and u.day < m.period_end and u.day >= m.period_end - 30
group by m.account_id, m.period_end, m.age;

create temp table categories as
select account_id, period_end, feature_category,
    sum(events) as events, count(distinct user_id) as users
from user_events join reference.event_types using (event_type)
join month_ends m on day < m.period_end and day >= m.period_end - 30
where feature_category is not null
group by all;

-- the plan of the largest paid subscription on the last day says what an account may use
create temp table plans_at_end as
with names as (
    select plan_id, plan_name from staging.stg_master_records__plan_versions
    qualify row_number() over (partition by plan_id order by changed_at desc, known_at desc) = 1
)
select s.account_id, m.period_end, coalesce(n.plan_name, s.plan_id) as plan
from service_days s join month_ends m on s.day = m.period_end - 1
left join names n using (plan_id)
where s.kind = 'paid'
qualify row_number() over (partition by s.account_id, m.period_end
    order by s.cents desc, s.subscription_id) = 1;

create temp table entitled as
select p.account_id, p.period_end, count(*) as entitled,
    count(*) filter (c.events >= 5 and c.users >= 2) as deep
from plans_at_end p join reference.plan_entitlements e on e.plan_name = p.plan
left join categories c on c.account_id = p.account_id and c.period_end = p.period_end
    and c.feature_category = e.feature_category
group by all;

create temp table memberships as
select distinct h.account_id, m.user_id, m.created_at::date as from_day,
    least(coalesce(m.ended_at::date, date '9999-01-01'), p.until_day) as until_day
from (select * from staging.stg_master_records__membership_versions
    qualify row_number() over (
        partition by membership_id order by changed_at desc, known_at desc) = 1) m
join people p on p.user_id = m.user_id and p.is_person
join homes h on h.workspace_id = m.workspace_id;

create temp table dormant as
select f.account_id, f.period_end, count(*) as users
from (select distinct account_id, user_id, period_end
    from memberships join month_ends on from_day < period_end and until_day >= period_end) f
left join user_ends u on u.account_id = f.account_id and u.user_id = f.user_id
    and u.period_end = f.period_end
where not coalesce(u.in_30, false)
group by all;

create temp table account_days as
select account_id, day, sum(core) as core from user_days group by all;

create temp table last_days as
select a.account_id, m.period_end, max(day) as last_day,
    max(day) filter (core > 0) as last_core_day
from account_days a join month_ends m on a.day < m.period_end
group by all;

create temp table counts as
select account_id, period_end,
    count(*) filter (in_7) as users_7, count(*) filter (in_28) as users_28,
    count(*) filter (in_30) as users_30, bool_or(in_earlier_30) as was_active,
    sum(days_28) as user_days_28, sum(weekdays_28) as user_weekdays_28,
    count(*) filter (commented) as commenting, sum(invites) as invites,
    sum(events_30) as events_30, sum(events_earlier_30) as events_earlier_30,
    count(*) filter (days_30 >= 20) as power,
    count(*) filter (days_30 between 10 and 19) as regular,
    count(*) filter (days_30 between 5 and 9) as light,
    count(*) filter (days_30 between 1 and 4) as at_risk
from user_ends group by all;

-- one row per cut and account with all of it at the month's end
create temp table used as
select c.grain, c.period_start, c.period_end, c.dimension_name, c.dimension_value, c.account_id,
    coalesce(p.cents, 0) > 0 as pays, coalesce(p.seats, 0) as seats,
    n.* exclude (account_id, period_end), a.* exclude (account_id, period_end),
    e.entitled, e.deep, d.users as dormant, l.last_day, l.last_core_day,
    (select count(*) from categories g
        where g.account_id = c.account_id and g.period_end = c.period_end) as categories
from cuts c
left join paid_at_end p on p.account_id = c.account_id and p.period_end = c.period_end
left join counts n on n.account_id = c.account_id and n.period_end = c.period_end
left join means a on a.account_id = c.account_id and a.period_end = c.period_end
left join entitled e on e.account_id = c.account_id and e.period_end = c.period_end
left join dormant d on d.account_id = c.account_id and d.period_end = c.period_end
left join last_days l on l.account_id = c.account_id and l.period_end = c.period_end
where c.grain = 'month' and c.account_id <> 'unassigned';

-- metric: dau, seen by usage
select 'day', d.day as period_start, 'total', 'total', count(u.user_id)
from (select unnest(generate_series((select min(day) from user_days), getvariable('t') - 1,
    interval 1 day))::date as day) d left join user_days u using (day) group by all;
-- metric: wau, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(users_7) from used group by all;
-- metric: mau, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(users_28) from used group by all;
-- metric: stickiness, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(user_days_28) / 28 / nullif(sum(users_28), 0) from used group by all;
-- metric: stickiness_weekdays, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(user_weekdays_28) / 20 / nullif(sum(users_28), 0) from used group by all;
-- metric: avg_dau_7d, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(dau_7) from used group by all;
-- metric: avg_dau_14d, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(dau_14) from used group by all;
-- metric: avg_dau_30d, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(dau_30) from used group by all;
-- metric: usage_trend_ratio_7d_30d, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(dau_7) / nullif(sum(dau_30), 0) from used group by all;
-- metric: action_trend_ratio, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(core_7) / nullif(sum(core_30), 0) from used group by all;
-- metric: usage_decline_rate, seen by usage
select grain, period_start, dimension_name, dimension_value, count(*) filter (events_earlier_30 >= 50 and 10 * events_30 <= 7 * events_earlier_30) / nullif(count(*) filter (events_earlier_30 >= 50), 0) from used group by all;
-- metric: users_commenting, seen by event_types
select grain, period_start, dimension_name, dimension_value, sum(commenting) from used group by all;
-- metric: invites_sent_30d, seen by event_types
select grain, period_start, dimension_name, dimension_value, sum(invites) from used group by all;
-- metric: seat_utilization, seen by usage
select grain, period_start, dimension_name, dimension_value, coalesce(sum(users_30) filter (seats > 0), 0) / nullif(sum(seats), 0) from used group by all;
-- metric: features_adopted, seen by event_types
select grain, period_start, dimension_name, dimension_value, coalesce(sum(categories) filter (pays), 0) / nullif(count(*) filter (pays), 0) from used group by all;
-- metric: adoption_depth, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(deep) / nullif(sum(entitled), 0) from used group by all;
-- metric: power_users, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(power) from used group by all;
-- metric: regular_users, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(regular) from used group by all;
-- metric: light_users, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(light) from used group by all;
-- metric: at_risk_users, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(at_risk) from used group by all;
-- metric: dormant_users, seen by usage
select grain, period_start, dimension_name, dimension_value, sum(dormant) from used group by all;
-- metric: days_since_last_active, seen by usage
select grain, period_start, dimension_name, dimension_value, avg(period_end - last_day) filter (pays) from used group by all;
-- metric: inactive_accounts, seen by event_types
select grain, period_start, dimension_name, dimension_value, count(*) filter (pays and (last_core_day is null or last_core_day < period_end - getvariable('inactive'))) from used group by all;
-- metric: inactivity_rate, seen by event_types
select grain, period_start, dimension_name, dimension_value, count(*) filter (pays and (last_core_day is null or last_core_day < period_end - getvariable('inactive'))) / nullif(count(*) filter (pays), 0) from used group by all;
-- metric: activity_churn_rate, seen by usage
select grain, period_start, dimension_name, dimension_value, count(*) filter (was_active and users_30 = 0) / nullif(count(*) filter (was_active), 0) from used group by all;
