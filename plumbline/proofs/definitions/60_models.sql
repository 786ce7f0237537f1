-- What the churn model said, what was done and what came. Lists and scores are records of their
-- nights; who churned is counted from the version logs.
create temp table listed as
select as_of_date as night, account_id, life_number, churn_probability as p, arr_usd,
    is_on_worklist as is_flagged, coalesce(is_flagged, is_on_worklist) as is_known, coalesce(is_replayed, false) as is_replayed, risk_rank, csm_id, csm_slots
from risk.rpt_at_risk_accounts_history where as_of_date <= getvariable('t');

-- a month stands by the last of the nights that each end a week of scoring
create temp table scored_nights as
select date_trunc('month', night)::date as period_start, max(night) as night
from (
    select max(as_of_date) as night from staging.stg_ml__predictions
    where target = 'churn' and as_of_date <= getvariable('t')
        and as_of_date > getvariable('t') - getvariable('published')
    group by date_trunc('week', as_of_date)
)
group by all;

create temp table told as
select n.period_start, l.*, m.label_name = 'vendor_churned_within_60d' as is_by_vendor
from scored_nights n
join listed l using (night)
join staging.stg_ml__predictions s
    on s.target = 'churn' and s.as_of_date = l.night and s.account_id = l.account_id
join staging.stg_ml__model_runs m using (model_version);

create temp table outcomes as
select told.*, case
        -- it had left already, and nobody knew
        when exists (select 1 from churns c where c.account_id = told.account_id
            and c.churn_date < night and coalesce(c.next_day, date '9999-01-01') >= night) then null
        when is_by_vendor then exists (
            select 1 from staging.stg_subscription__vendor_churn_events v
            where v.account_id = told.account_id and v.churned_at::date >= night
                and v.churned_at::date < night + getvariable('horizon'))
        else exists (select 1 from churns c where c.account_id = told.account_id
            and c.churn_date >= night and c.churn_date < night + getvariable('horizon'))
    end as has_churned
from told
where night + getvariable('horizon') + getvariable('gap') <= getvariable('t');
delete from outcomes where has_churned is null;

create temp table judged_accounts as
select o.*,
    ntile(10) over ranking as tenth,
    count(*) filter (has_churned) over (ranking rows unbounded preceding)
        - has_churned::integer < 0.8 * count(*) filter (has_churned) over (partition by night)
        as is_within_recall,
    (select avg(case when s.p < o.p then 1 when s.p = o.p then 0.5 else 0 end) from outcomes s
        where s.night = o.night and not s.has_churned and o.has_churned) as placement
from outcomes o
window ranking as (partition by night order by p desc, account_id);

create temp table account_calls as
select c.dimension_name, c.dimension_value, c.period_start, c.period_end,
    t.p * t.arr_usd as arr_at_risk, t.is_flagged and t.p is not null as is_flagged,
    t.is_flagged and t.p is not null and not t.is_replayed as is_shown,
    exists (
        select 1 from (
            select * from staging.stg_operations__intervention_versions
            where known_at < getvariable('t')::timestamp
            qualify row_number() over (partition by intervention_id
                order by changed_at desc, known_at desc) = 1
        ) i
        where i.account_id = t.account_id and i.status = 'done'
            and i.occurred_at::date >= t.night
            and i.occurred_at::date < t.night + getvariable('contact')
    ) as is_contacted,
    not exists (select 1 from churns x where x.account_id = t.account_id
        and x.churn_date >= t.night and x.churn_date < t.night + getvariable('save')) as is_there,
    t.risk_rank <= (
        select sum(s.csm_slots) from (
            select distinct l.csm_id, l.csm_slots from listed l where l.night = t.night
        ) s
    ) as is_within_slots,
    j.has_churned, j.tenth, j.is_within_recall, j.placement, (j.p - j.has_churned::integer) ** 2 as squared,
    (j.p >= 0.5) = j.has_churned as is_right,
    g.gap
from cuts c
left join told t on t.account_id = c.account_id and t.period_start = c.period_start
left join judged_accounts j on j.account_id = t.account_id and j.night = t.night
left join (
    select night, tenth, abs(avg(p) - avg(has_churned::integer)) as gap
    from judged_accounts group by all
) g on g.night = j.night and g.tenth = j.tenth
where c.grain = 'month';

create temp table called as
select *, period_end + getvariable('horizon') + getvariable('gap') <= getvariable('t') as is_settled,
    period_end + getvariable('contact') <= getvariable('t') as is_contact_settled,
    period_end + getvariable('save') + getvariable('gap') <= getvariable('t') as is_save_settled
from account_calls;

-- churns that a list could have announced, and the stay on the list that they ended
create temp table announced as
with watched as (
    select x.account_id, x.churn_date,
        (select arg_max(life_number, night) from listed l
            where l.account_id = x.account_id and l.night < x.churn_date) as life_number
    from churns x
    where x.churn_date >= (select min(night) from listed) + 30
),
lists as (
    select w.account_id, w.churn_date, l.night, l.is_known
    from watched w join listed l on l.account_id = w.account_id
        and l.life_number = w.life_number and l.night < w.churn_date
)
select w.account_id, w.churn_date,
    (select arg_max(is_known, night) from lists l where l.account_id = w.account_id
        and l.churn_date = w.churn_date and l.night <= w.churn_date - 30) as is_warned,
    w.churn_date - (
        select min(night) from lists l where l.account_id = w.account_id
            and l.churn_date = w.churn_date and not exists (select 1 from lists later
                where later.account_id = l.account_id and later.churn_date = l.churn_date
                    and later.night >= l.night and not later.is_known)
    ) as lead_days
from watched w;

create temp table announcements as
select c.dimension_name, c.dimension_value, c.period_start, a.churn_date, a.is_warned, a.lead_days
from cuts c left join announced a on a.account_id = c.account_id
    and a.churn_date >= c.period_start and a.churn_date < c.period_end
where c.grain = 'month' and c.period_end + getvariable('gap') <= getvariable('t');

-- metric: revenue_at_risk, seen by predictions
select 'month', period_start, dimension_name, dimension_value, sum(arr_at_risk) from called group by all;
-- metric: auc_roc, seen by predictions
select 'month', period_start, dimension_name, dimension_value, avg(placement) from called where is_settled group by all;
-- metric: brier_score, seen by predictions
select 'month', period_start, dimension_name, dimension_value, avg(squared) from called where is_settled group by all;
-- metric: calibration_error, seen by predictions
select 'month', period_start, dimension_name, dimension_value, avg(gap) from called where is_settled group by all;
-- metric: lift_at_decile, seen by predictions
select 'month', period_start, dimension_name, dimension_value, (count(*) filter (tenth = 1 and has_churned) / nullif(count(*) filter (tenth = 1), 0)) / nullif(count(*) filter (has_churned) / nullif(count(has_churned), 0), 0) from called where is_settled group by all;
-- metric: precision_at_capacity, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_within_slots and has_churned) / nullif(count(has_churned) filter (is_within_slots), 0) from called where is_settled group by all;
-- metric: recall_at_capacity, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_within_slots and has_churned) / nullif(count(*) filter (has_churned), 0) from called where is_settled group by all;
-- metric: precision_at_80_recall, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_within_recall and has_churned) / nullif(count(*) filter (is_within_recall), 0) from called where is_settled group by all;
-- metric: churn_accuracy, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_right) / nullif(count(has_churned), 0) from called where is_settled group by all;
-- metric: worklist_recall, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_flagged and has_churned) / nullif(count(*) filter (has_churned), 0) from called where is_settled group by all;
-- metric: balanced_accuracy, seen by predictions
select 'month', period_start, dimension_name, dimension_value, (count(*) filter (is_flagged and has_churned) / nullif(count(*) filter (has_churned), 0) + count(*) filter (not is_flagged and not has_churned) / nullif(count(*) filter (not has_churned), 0)) / 2 from called where is_settled group by all;
-- metric: false_positive_rate, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_flagged and not has_churned) / nullif(count(*) filter (not has_churned), 0) from called where is_settled group by all;
-- metric: false_discovery_rate, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_flagged and not has_churned) / nullif(count(has_churned) filter (is_flagged), 0) from called where is_settled group by all;
-- metric: early_warning_rate, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_warned) / nullif(count(churn_date), 0) from announcements group by all;
-- metric: lead_time_days, seen by predictions
select 'month', period_start, dimension_name, dimension_value, avg(lead_days) from announcements group by all;
-- metric: contact_coverage, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_shown and is_contacted) / nullif(count(*) filter (is_shown), 0) from called where is_contact_settled group by all;
-- metric: save_rate_90d, seen by predictions
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_shown and is_contacted and is_there) / nullif(count(*) filter (is_shown and is_contacted), 0) from called where is_save_settled group by all;
