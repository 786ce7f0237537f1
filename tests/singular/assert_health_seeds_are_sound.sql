-- What people edit of the health score: each fault is told in words, with the seed that has it.
with weights as (

    select * from {{ ref('health_weights') }}

),

features as (

    select * from {{ ref('health_features') }}

),

bands as (

    select
        health_bands.*,
        health_bands.feature_name || ', segment ' || health_bands.segment || ', stage '
        || health_bands.lifecycle_stage as scale
    from {{ ref('health_bands') }} as health_bands

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

score_bands as (

    select * from {{ ref('health_score_bands') }}

),

overrides as (

    select
        health_overrides.*,
        coalesce(health_overrides.account_id, 'nobody') as account
    from {{ ref('health_overrides') }} as health_overrides

),

ordered_bands as (

    select
        bands.*,
        row_number() over (
            partition by bands.scale order by case when bands.from_value is null then 0 else 1 end,
            bands.from_value
        ) as band_number,
        lead(bands.from_value) over (
            partition by bands.scale order by case when bands.from_value is null then 0 else 1 end,
            bands.from_value
        ) as next_from_value,
        count(*) over (partition by bands.scale) as band_count
    from bands

),

ordered_stages as (

    select
        stages.*,
        row_number() over (order by stages.from_age_days) as stage_number,
        lead(stages.from_age_days) over (order by stages.from_age_days) as next_from_age_days
    from stages
    where stages.renews_within_days is null

),

faults as (

    select
        'seed health_weights: the weights sum to '
        || {{ shown_number('sum(weights.weight)') }} || ', not to 100' as fault_told
    from weights
    having sum(weights.weight) <> 100
    union all
    select
        'seed health_weights: ' || count(*)
        || ' of the five components have a weight' as fault_told
    from weights
    where
        weights.component in (
            'product_usage', 'engagement', 'business_outcomes', 'account_characteristics', 'support'
        )
    having count(*) <> 5
    union all
    select
        'seed health_features: ' || features.feature_name || ' speaks for ' || features.component
        || ', which has no weight' as fault_told
    from features
    left join weights
        on features.component = weights.component
    where weights.component is null
    union all
    select
        'seed health_features: ' || features.feature_name
        || ' is no feature of feat_accounts_daily' as fault_told
    from features
    where {{ feature_source_type('features.feature_name') }} is null
    union all
    select
        'seed health_features: ' || features.feature_name
        || ' has only one of input_measure and expires_days' as fault_told
    from features
    where
        (features.input_measure is null and features.expires_days is not null)
        or (features.input_measure is not null and features.expires_days is null)
    union all
    select
        'seed health_features: ' || features.feature_name
        || ' has no scale in health_bands' as fault_told
    from features
    left join bands
        on features.feature_name = bands.feature_name
    where bands.feature_name is null
    union all
    select distinct
        'seed health_bands: ' || bands.feature_name
        || ' is not in health_features' as fault_told
    from bands
    left join features
        on bands.feature_name = features.feature_name
    where features.feature_name is null
    union all
    select distinct
        'seed health_bands: there is no stage '
        || bands.lifecycle_stage as fault_told
    from bands
    left join stages
        on bands.lifecycle_stage = stages.lifecycle_stage
    where bands.lifecycle_stage <> 'any' and stages.lifecycle_stage is null
    union all
    select
        'seed health_bands: ' || ordered_bands.scale || case
            when ordered_bands.band_number = 1 then ': the lowest band has a from_value'
            when ordered_bands.from_value is null then ': two bands without a from_value'
        end as fault_told
    from ordered_bands
    where
        (ordered_bands.band_number = 1 and ordered_bands.from_value is not null)
        or (ordered_bands.band_number > 1 and ordered_bands.from_value is null)
    union all
    select
        'seed health_bands: ' || ordered_bands.scale || case
            when ordered_bands.until_value is null
                then ': a band without an until_value overlaps the next'
            when ordered_bands.until_value > ordered_bands.next_from_value
                then ': bands overlap below '
                || {{ shown_number('ordered_bands.until_value') }}
            else ': a gap above ' || {{ shown_number('ordered_bands.until_value') }}
        end as fault_told
    from ordered_bands
    where
        ordered_bands.band_number < ordered_bands.band_count
        and ordered_bands.next_from_value is not null
        and coalesce(ordered_bands.until_value <> ordered_bands.next_from_value, true)
    union all
    select
        'seed health_bands: ' || ordered_bands.scale
        || ': the highest band has an until_value' as fault_told
    from ordered_bands
    where
        ordered_bands.band_number = ordered_bands.band_count
        and ordered_bands.until_value is not null
    union all
    select
        'seed health_bands: ' || bands.scale
        || ': an open band has two points' as fault_told
    from bands
    where
        (bands.from_value is null or bands.until_value is null)
        and bands.points_from <> bands.points_until
    union all
    select 'seed health_bands: ' || bands.scale || ': an empty or reversed band' as fault_told
    from bands
    where bands.from_value >= bands.until_value
    union all
    select 'seed lifecycle_stages: no stage begins at age 0' as fault_told
    from ordered_stages
    having coalesce(min(ordered_stages.from_age_days), 1) <> 0
    union all
    select
        'seed lifecycle_stages: ' || ordered_stages.lifecycle_stage
        || ' does not end where the next stage begins' as fault_told
    from ordered_stages
    where
        coalesce(ordered_stages.until_age_days, -1)
        <> coalesce(ordered_stages.next_from_age_days, -1)
    union all
    select 'seed lifecycle_stages: more than one stage has renews_within_days' as fault_told
    from stages
    where stages.renews_within_days is not null
    having count(*) > 1
    union all
    select 'seed health_score_bands: no band begins at 0' as fault_told
    from score_bands
    having coalesce(min(score_bands.min_score), 1) <> 0
    union all
    select
        'seed health_rules: trend_days exceeds {{ var("health_daily_days") - 1 }}, the days back '
        || 'for which each has a row (var health_daily_days)' as fault_told
    from {{ ref('health_rules') }} as rules
    where rules.rule_name = 'trend_days' and rules.rule_value >= {{ var('health_daily_days') }}
    union all
    select
        'seed health_overrides: the override of ' || overrides.account || ' has no ' || case
            when overrides.account_id is null then 'account_id'
            when overrides.author is null then 'author'
            when overrides.reason is null then 'reason'
            when overrides.from_date is null then 'from_date'
            else 'expires_date'
        end as fault_told
    from overrides
    where
        overrides.account_id is null
        or overrides.author is null
        or overrides.reason is null
        or overrides.from_date is null
        or overrides.expires_date is null
    union all
    select
        'seed health_overrides: the override of ' || overrides.account
        || ' needs either a score or a band' as fault_told
    from overrides
    where
        (overrides.health_score is null and overrides.health_band is null)
        or (overrides.health_score is not null and overrides.health_band is not null)
    union all
    select
        'seed health_overrides: ' || overrides.account || ' has the unknown band '
        || overrides.health_band as fault_told
    from overrides
    left join score_bands
        on overrides.health_band = score_bands.health_band
    where overrides.health_band is not null and score_bands.health_band is null
    union all
    select
        'seed health_overrides: the override of ' || overrides.account
        || ' expires before it begins' as fault_told
    from overrides
    where overrides.expires_date <= overrides.from_date
    union all
    select distinct
        'seed health_overrides: ' || overrides.account
        || ' has two overrides at one time' as fault_told
    from overrides
    inner join overrides as others
        on
            overrides.account_id = others.account_id
            and overrides.from_date <= others.from_date
            and overrides.expires_date > others.from_date
            and (
                overrides.from_date <> others.from_date
                or overrides.author <> others.author
                or overrides.expires_date <> others.expires_date
                or overrides.reason <> others.reason
            )

)

select faults.fault_told
from faults
where faults.fault_told is not null
