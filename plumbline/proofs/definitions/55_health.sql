-- Health of the accounts that paid at a month's end. Scores are records of their dates, and have a
-- proof of their own (health-adds-up); who paid is counted from the subscriptions.
create temp table scored as
select c.dimension_name, c.dimension_value, c.period_start, p.account_id, h.health_score,
    h.health_band, b.is_at_risk, j.is_at_risk as is_called,
    c.period_end + getvariable('health') + getvariable('gap') <= getvariable('t') as is_settled,
    case when j.health_band is not null then exists (select 1 from churns x where x.account_id = p.account_id
            and x.churn_date >= c.period_end and x.churn_date < c.period_end + getvariable('health')) end as has_left
from cuts c
left join paid_at_end p on p.account_id = c.account_id and p.period_end = c.period_end
    and p.cents > 0
left join health.fct_account_health_daily h
    on h.account_id = p.account_id and h.as_of_date = c.period_end
left join reference.health_score_bands b using (health_band)
left join reference.health_score_bands j on j.health_band = h.computed_band
where c.grain = 'month';

-- metric: mean_health_score, seen by usage
select 'month', period_start, dimension_name, dimension_value, avg(health_score) from scored group by all;
-- metric: health_at_risk_share, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_at_risk) / nullif(count(*) filter (health_band <> 'insufficient data'), 0) from scored group by all;
-- metric: health_scored_share, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(health_score) / nullif(count(account_id), 0) from scored group by all;
-- metric: health_accuracy_90d, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_called = has_left) / nullif(count(has_left), 0) from scored where is_settled group by all;
-- metric: health_recall_90d, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_called and has_left) / nullif(count(*) filter (has_left), 0) from scored where is_settled group by all;
-- metric: health_false_positive_rate_90d, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_called and not has_left) / nullif(count(*) filter (not has_left), 0) from scored where is_settled group by all;
-- metric: health_balanced_accuracy_90d, seen by usage
select 'month', period_start, dimension_name, dimension_value, (count(*) filter (is_called and has_left) / nullif(count(*) filter (has_left), 0) + count(*) filter (not is_called and not has_left) / nullif(count(*) filter (not has_left), 0)) / 2 from scored where is_settled group by all;
