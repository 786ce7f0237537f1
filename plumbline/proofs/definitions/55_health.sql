-- Health of the accounts that paid at a month's end. Scores are records of their dates, and have a
-- proof of their own (health-adds-up); who paid is counted from the subscriptions.
create temp table scored as
select c.dimension_name, c.dimension_value, c.period_start, p.account_id, h.health_score,
    h.health_band, b.is_at_risk
from cuts c
left join paid_at_end p on p.account_id = c.account_id and p.period_end = c.period_end
    and p.cents > 0
left join health.fct_account_health_daily h
    on h.account_id = p.account_id and h.as_of_date = c.period_end
left join reference.health_score_bands b using (health_band)
where c.grain = 'month';

-- metric: mean_health_score, seen by usage
select 'month', period_start, dimension_name, dimension_value, avg(health_score) from scored group by all;
-- metric: health_at_risk_share, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(*) filter (is_at_risk) / nullif(count(*) filter (health_band <> 'insufficient data'), 0) from scored group by all;
-- metric: health_scored_share, seen by usage
select 'month', period_start, dimension_name, dimension_value, count(health_score) / nullif(count(account_id), 0) from scored group by all;
