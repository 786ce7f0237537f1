-- Support, sentiment, preparedness and engagement, by the definitions page.
-- What belongs to no account of that month is in the sums under 'unassigned'.
-- a version with a word that nobody mapped is put aside; one merged away counts as deleted
create temp table ticket_versions as
select v.* replace (s.value as status, p.value as priority), is_deleted or is_merged as is_gone
from staging.stg_support__ticket_versions v
left join reference.reported_values s
    on s.field = 'ticket_status' and s.reported_value = v.status
left join reference.reported_values p
    on p.field = 'ticket_priority' and p.reported_value = v.priority
where is_deleted
    or (s.value is not null and (v.priority is null or p.reported_value is not null));

create temp table tickets as
with histories as (
    -- (a struct, so that a ticket without a priority keeps none)
    select ticket_id, min(created_at) as opened_at, bool_or(is_escalated) as is_escalated,
        bool_or(is_gone) as was_deleted, first.account_id, first.priority
    from (
        select *, arg_min({account_id: account_id, priority: priority},
            (known_at::date, changed_at, known_at)) over (partition by ticket_id) as first
        from ticket_versions)
    group by ticket_id, first
),
changes as (
    select ticket_id, changed_at, coalesce(status in ('solved', 'closed'), false) as is_solved
    from ticket_versions
    qualify known_at = max(known_at) over (partition by ticket_id, changed_at)
),
solutions as (
    select ticket_id, arg_max(is_solved, changed_at) as is_solved,
        max(greatest(changed_at, if(is_first, opened_at, changed_at)))
            filter (is_solved and not was_solved) as solved_at
    from (select *, coalesce(lag(is_solved) over w, false) as was_solved,
            row_number() over w = 1 as is_first
        from changes join histories using (ticket_id)
        window w as (partition by ticket_id order by changed_at))
    group by ticket_id
),
replies as (
    select ticket_id, min(commented_at) as replied_at
    from staging.stg_support__ticket_comments where author_role = 'agent' and is_public
    group by ticket_id
),
ratings as (
    select ticket_id, arg_max(value, (changed_at, known_at, rating_id)) as score
    from staging.stg_support__satisfaction_rating_versions join reference.reported_values
        on field = 'rating_score' and reported_value = score and value in ('good', 'bad')
    group by ticket_id
)
select h.ticket_id, coalesce(a.account_id, 'unassigned') as account_id, h.priority, h.opened_at,
    h.is_escalated, s.is_solved,
    if(s.is_solved, epoch_us(s.solved_at) - epoch_us(h.opened_at), null) / 3600e6 as solved_hours,
    (epoch_us(replied_at) - epoch_us(h.opened_at)) / 3600e6 as reply_hours,
    (epoch_us(getvariable('t')::timestamp) - epoch_us(h.opened_at)) / 3600e6 as waited_hours,
    score
from histories h
left join accounts a on a.account_id = h.account_id
    and a.first_day < date_trunc('month', h.opened_at) + interval 1 month
left join solutions s using (ticket_id)
left join replies using (ticket_id)
left join ratings using (ticket_id)
where not h.was_deleted and h.opened_at < getvariable('t')::timestamp;

-- the target is that of the plan then paid, or paid last; else the least that any plan promises
create temp table judged as
select t.*, coalesce(
        x.first_response_hours,
        (select max(first_response_hours) from reference.sla_targets l
            where l.priority = t.priority)
    ) as target_hours
from tickets t
asof left join (select *, period_end - interval 1 month as plan_month from plans_at_end
    where account_id <> 'unassigned') p
    on p.account_id = t.account_id and p.plan_month <= date_trunc('month', t.opened_at)
left join reference.sla_targets x on x.plan_name = p.plan and x.priority = t.priority;

create temp table asked as
select c.grain, c.period_start, c.dimension_name, c.dimension_value,
    t.* exclude (account_id, reply_hours, solved_hours),
    -- a reply or solution dated before the opening is a faulty record and counts for nothing
    if(reply_hours >= 0, reply_hours, null) as reply_hours,
    if(solved_hours >= 0, solved_hours, null) as solved_hours,
    reply_hours >= 0 and reply_hours <= target_hours as is_met,
    target_hours is not null
        and if(reply_hours is null, waited_hours > target_hours, reply_hours >= 0) as is_judged
from cuts c left join judged t
    on t.account_id = c.account_id
    and t.opened_at >= c.period_start::timestamp and t.opened_at < c.period_end::timestamp;

create temp table unsolved as
with changes as (
    select ticket_id, changed_at, status not in ('solved', 'closed') as is_open,
        row_number() over (partition by ticket_id order by changed_at) = 1 as is_first
    from ticket_versions
    qualify known_at = max(known_at) over (partition by ticket_id, changed_at)
),
dated as (
    select c.ticket_id, h.account_id, is_open,
        if(is_first, least(changed_at, h.opened_at), changed_at) as changed_at
    from changes c join (
        select ticket_id, min(created_at) as opened_at,
            arg_min(account_id, (known_at::date, changed_at, known_at)) as account_id
        from ticket_versions
        group by ticket_id having not bool_or(is_gone)
    ) h using (ticket_id)
)
select m.period_end, coalesce(a.account_id, 'unassigned') as account_id, count(*) as tickets
from (
    select m.period_end, d.ticket_id, arg_max(is_open, changed_at) as is_open,
        any_value(d.account_id) as account_id
    from dated d join month_ends m on d.changed_at < m.period_end::timestamp group by all
) m
left join accounts a on a.account_id = m.account_id and a.first_day < m.period_end
where is_open group by all;

-- the latest answer of each contact in 180 days
create temp table answers as
with latest as (
    select * from staging.stg_sentiment__nps_response_versions
    where score is null or score between 0 and 10
    qualify row_number() over (
        partition by response_id order by changed_at desc, known_at desc) = 1
)
select m.period_end, coalesce(a.account_id, 'unassigned') as account_id, score
from (
    select period_end, r.account_id, score
    from latest r join month_ends m
        on r.responded_at < m.period_end::timestamp
        and r.responded_at::date >= m.period_end - 180
    where score is not null
    qualify row_number() over (
        partition by period_end, r.account_id, coalesce(contact_id, response_id)
        order by responded_at desc, response_id desc) = 1
) m
left join accounts a on a.account_id = m.account_id and a.first_day < m.period_end;

create temp table spoken as
with words as (
    select comment_id, unnest(regexp_split_to_array(lower(body), '[^a-z]+')) as word
    from staging.stg_support__ticket_comments where author_role = 'end-user'
),
scores as (
    select comment_id, sum((round(100 * score))::int) / 100 / count(*) as score
    from words join reference.sentiment_lexicon using (word) group by comment_id
)
select m.period_end, coalesce(a.account_id, 'unassigned') as account_id,
    coalesce(s.score, 0) as score
from staging.stg_support__ticket_comments c
join (select ticket_id, arg_min(account_id, (known_at::date, changed_at, known_at)) as account_id
    from staging.stg_support__ticket_versions group by ticket_id) t using (ticket_id)
join month_ends m on c.commented_at::date < m.period_end
    and c.commented_at::date >= m.period_end - 30
left join scores s using (comment_id)
left join accounts a on a.account_id = t.account_id and a.first_day < m.period_end
where c.author_role = 'end-user';

create temp table steps as
select m.period_end, coalesce(a.account_id, 'unassigned') as account_id,
    coalesce(completed_at::date < m.period_end, false) as is_done
from (select * from staging.stg_preparedness__onboarding_step_versions
    qualify row_number() over (partition by step_id order by changed_at desc, known_at desc) = 1) s
join month_ends m on s.due_date < m.period_end
left join accounts a on a.account_id = s.account_id and a.first_day < m.period_end;

create temp table trainings as
select m.period_end, coalesce(a.account_id, 'unassigned') as account_id,
    coalesce(attended_day < m.period_end, false) as is_attended
from (select enrolment_id, account_id, min(invited_at)::date as invited_day,
        min(coalesce(attended_at, changed_at)) filter (status = 'attended')::date as attended_day
    from staging.stg_preparedness__course_enrolment_versions group by all) e
join month_ends m on invited_day < m.period_end and invited_day >= m.period_end - 90
left join accounts a on a.account_id = e.account_id and a.first_day < m.period_end;

create temp table meetings as
select activity_date, status = 'held' as is_held,
    coalesce(a.account_id, 'unassigned') as account_id
from (select v.* replace (w.value as status) from staging.stg_engagement__task_versions v
    left join reference.reported_values w on w.field = 'meeting_status'
        and w.reported_value = v.status
    where task_type = 'Meeting' and activity_date is not null
        and (is_deleted or status is null or w.reported_value is not null)
    qualify row_number() over (partition by task_id order by changed_at desc, known_at desc) = 1) t
left join accounts a on a.account_id = t.account_id
    and a.first_day < date_trunc('month', t.activity_date) + interval 1 month
where not t.is_deleted and t.status in ('held', 'missed');

create temp table met as
select c.grain, c.period_start, c.dimension_name, c.dimension_value, m.is_held
from cuts c left join meetings m on m.account_id = c.account_id
    and m.activity_date >= c.period_start and m.activity_date < c.period_end;

create temp table champions as
select c.grain, c.period_start, c.dimension_name, c.dimension_value,
    if(coalesce(p.cents, 0) > 0, not exists (
        select 1 from staging.stg_engagement__key_contact_changes k
        where k.account_id = c.account_id and k.change_type = 'left'
            and k.role in (
                select reported_value from reference.reported_values
                where field = 'key_contact_role')
            and k.changed_at::date < c.period_end and k.changed_at::date >= c.period_end - 90
    ), null) as is_stable
from cuts c left join paid_at_end p on p.account_id = c.account_id and p.period_end = c.period_end
where c.grain = 'month' and c.account_id <> 'unassigned';

-- metric: support_tickets, seen by support
select grain, period_start, dimension_name, dimension_value, count(ticket_id) from asked group by all;
-- metric: urgent_tickets, seen by support
select grain, period_start, dimension_name, dimension_value, count(*) filter (priority in ('high', 'urgent')) from asked group by all;
-- metric: escalation_rate, seen by support
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_escalated) / nullif(count(ticket_id), 0) from asked group by all;
-- metric: first_response_hours, seen by support
select grain, period_start, dimension_name, dimension_value, avg(reply_hours) from asked group by all;
-- metric: resolution_hours, seen by support
select grain, period_start, dimension_name, dimension_value, avg(solved_hours) from asked group by all;
-- metric: sla_attainment, seen by support
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_met) / nullif(count(*) filter (is_judged), 0) from asked group by all;
-- metric: csat, seen by support
select grain, period_start, dimension_name, dimension_value, count(*) filter (score = 'good') / nullif(count(score), 0) from asked group by all;
-- metric: csat_response_rate, seen by support
select grain, period_start, dimension_name, dimension_value, count(score) / nullif(count(ticket_id), 0) from asked group by all;
-- metric: ticket_backlog, seen by support
select grain, period_start, dimension_name, dimension_value, sum(tickets) from cuts c left join unsolved u using (account_id, period_end) where grain = 'month' group by all;
-- metric: nps, seen by sentiment
select grain, period_start, dimension_name, dimension_value, case when count(score) >= 5 then 100 * (count(*) filter (score >= 9) - count(*) filter (score <= 6)) / count(score) end from cuts c left join answers using (account_id, period_end) where grain = 'month' group by all;
-- metric: sentiment_score, seen by support
select grain, period_start, dimension_name, dimension_value, avg(score) from cuts c left join spoken using (account_id, period_end) where grain = 'month' group by all;
-- metric: onboarding_completion, seen by preparedness
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_done) / nullif(count(is_done), 0) from cuts c left join (select s.* from steps s join paid_at_end p using (account_id, period_end) where p.cents > 0) using (account_id, period_end) where grain = 'month' group by all;
-- metric: training_participation, seen by preparedness
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_attended) / nullif(count(is_attended), 0) from cuts c left join trainings using (account_id, period_end) where grain = 'month' group by all;
-- metric: meeting_show_rate, seen by engagement
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_held) / nullif(count(is_held), 0) from met group by all;
-- metric: champion_stability, seen by engagement
select grain, period_start, dimension_name, dimension_value, count(*) filter (is_stable) / nullif(count(is_stable), 0) from champions group by all;
