-- Periods that are over at T, who is in them, and what they can be cut by.
create temp table accounts as
select account_id, min(first_day) as first_day
from (
    select account_id, created_at::date as first_day
    from staging.stg_master_records__account_versions where account_id is not null
    union all
    select account_id, day from service_days where account_id <> 'unassigned'
)
group by all;

create temp table periods as
select grain, period_start::date as period_start, period_end::date as period_end
from (
    select grain, unnest(generate_series(
        (select date_trunc(grain, min(first_day)) from accounts), getvariable('t'), step
    )) as period_start, period_start + step as period_end
    from (values ('month', interval 1 month), ('quarter', interval 3 month),
        ('year', interval 1 year)) as grains (grain, step)
)
where period_end <= getvariable('t')
    -- a quarter or a year whose first months nobody knows is not complete
    and period_start >= (select date_trunc('month', min(first_day)) from accounts);

-- The day of the first export of each source type: what began before it, survivors alone tell.
create temp table observed as
select source_type, min(known_at)::date as first_day
from (
    select 'subscription' as source_type, known_at
    from staging.stg_subscription__subscription_versions
    union all select 'usage', known_at from staging.stg_usage__events
    union all select 'support', known_at from staging.stg_support__ticket_versions
    union all select 'sentiment', known_at from staging.stg_sentiment__nps_response_versions
    union all
    select 'preparedness', known_at from staging.stg_preparedness__onboarding_step_versions
    union all
    select 'preparedness', known_at from staging.stg_preparedness__course_enrolment_versions
    union all select 'engagement', known_at from staging.stg_engagement__task_versions
    union all select 'engagement', known_at from staging.stg_engagement__key_contact_changes
    union all
    select 'predictions', as_of_date from staging.stg_ml__predictions
    where target = 'churn' and as_of_date <= getvariable('t')
)
where not list_contains(getvariable('off'), source_type)
group by all;

-- what needs a seed of the source's own is watched where it has one
insert into observed
select 'event_types', first_day from observed
where source_type = 'usage' and exists (select 1 from reference.event_types)
union all
select 'gross_margin', first_day from observed
where source_type = 'subscription' and exists (select 1 from reference.gross_margin);

create temp table month_ends as
select period_start, period_end from periods where grain = 'month';

-- what belongs to no account, or to none of that time, stays in the sums
insert into accounts
select 'unassigned', (select min(period_start) from periods);

create temp table paid_at_end as
select m.period_end, p.account_id, p.cents, p.seats, p.held_cents
from paid_days p join month_ends m on p.day = m.period_end - 1;

create temp table segments as
select a.account_id, m.period_end, s.segment
from accounts a
join month_ends m on a.first_day < m.period_end
asof join paid_at_end p on p.account_id = a.account_id and p.period_end <= m.period_end
asof join reference.account_segments s on p.cents / 100.0 >= s.min_mrr_usd
where a.account_id <> 'unassigned';

create temp table industries as
with latest as (
    select * from staging.stg_master_records__account_versions
    where not is_deleted
    qualify known_at = max(known_at) over (partition by account_id, changed_at)
),
dated as (
    select account_id, industry,
        case when row_number() over (partition by account_id order by changed_at) = 1
            then timestamp '1900-01-01' else changed_at end as changed_at
    from latest
)
select a.account_id, m.period_end, d.industry
from accounts a
join month_ends m on a.first_day < m.period_end
asof join dated d on d.account_id = a.account_id and d.changed_at < m.period_end::timestamp;

-- one row per period, cut and account in it
create temp table cuts as
select p.grain, p.period_start, p.period_end, 'total' as dimension_name,
    'total' as dimension_value, a.account_id
from periods p join accounts a on a.first_day < p.period_end
union all
select 'month', m.period_start, m.period_end, 'segment', coalesce(s.segment, 'unassigned'),
    a.account_id
from month_ends m join accounts a on a.first_day < m.period_end
left join segments s on s.account_id = a.account_id and s.period_end = m.period_end
union all
select 'month', m.period_start, m.period_end, 'industry', coalesce(i.industry, 'unassigned'),
    a.account_id
from month_ends m join accounts a on a.first_day < m.period_end
left join industries i on i.account_id = a.account_id and i.period_end = m.period_end;
