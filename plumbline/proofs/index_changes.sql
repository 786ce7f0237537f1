-- What changed the revenue-health index between $from_date and $to_date, two of its days: a row per
-- account and driver of each level, and one for what reweighting did. All rows of a level add up
-- to the change of its index.
with parts as (
    select
        as_of_date = $to_date as is_later, component, account_id, numerator, denominator,
        unnest(['company', 'segment', 'csm']) as level_name,
        unnest(['all', segment, csm_id]) as level_value
    from outlook.fct_revenue_health_parts
    where as_of_date in ($from_date, $to_date)
),
ratios as (
    select
        level_name, level_value, component,
        coalesce(sum(denominator) filter (not is_later), 0) as d0,
        coalesce(sum(denominator) filter (is_later), 0) as d1,
        sum(numerator) filter (not is_later) / nullif(d0, 0)::double as r0,
        sum(numerator) filter (is_later) / nullif(d1, 0)::double as r1
    from parts group by all
),
scaled as (
    select
        ratios.*, weight,
        greatest(0, least(1, (r0 - floor_value) / (ceiling_value - floor_value))) as s0,
        greatest(0, least(1, (r1 - floor_value) / (ceiling_value - floor_value))) as s1,
        sum(weight) filter (r0 is not null) over (partition by level_name, level_value) as w0,
        sum(weight) filter (r1 is not null) over (partition by level_name, level_value) as w1
    from ratios
    inner join reference.index_components using (component)
    where version = (select max(version) from reference.index_components)
),
drivers as (
    select
        *,
        r0 is not null and r1 is not null as is_known,
        case when is_known then 100 * weight * (s1 - s0) * (1 / w0 + 1 / w1) / 2 else 0 end as own,
        100 * weight * (
            case when r1 is null then 0 else s1 / w1 end - case when r0 is null then 0 else s0 / w0 end
        ) - own as reweighting
    from scaled
    where w0 > 0 and w1 > 0
),
accounts as (
    select
        level_name, level_value, component, account_id,
        coalesce(sum(numerator) filter (is_later), 0)
        - coalesce(sum(numerator) filter (not is_later), 0) as dn,
        coalesce(sum(denominator) filter (is_later), 0)
        - coalesce(sum(denominator) filter (not is_later), 0) as dd
    from parts group by all
)
select
    level_name, level_value, component as driver, account_id,
    own / (r1 - r0) * (dn - (r0 + r1) / 2 * dd) / ((d0 + d1) / 2) as contribution
from accounts
inner join drivers using (level_name, level_value, component)
where is_known and r0 <> r1
union all
select level_name, level_value, 'reweighting', null, sum(reweighting)
from drivers group by all
