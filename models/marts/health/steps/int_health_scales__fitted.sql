with bands as (

    select * from {{ ref('health_bands') }}

),

features as (

    select
        health_features.*,
        {{ feature_source_type('health_features.feature_name') }} as source_type
    from {{ ref('health_features') }} as health_features

),

observed as (

    select * from {{ ref('int_source_types__observed') }}

),

scales as (

    select distinct
        bands.feature_name,
        bands.segment,
        bands.lifecycle_stage
    from bands

),

-- the scale of a stage goes before the one of a segment
ranked as (

    select
        scales.feature_name,
        scales.segment as scale_segment,
        scales.lifecycle_stage as scale_stage,
        segments.segment,
        stages.lifecycle_stage,
        row_number() over (
            partition by scales.feature_name, segments.segment, stages.lifecycle_stage
            order by
                case when scales.lifecycle_stage = 'any' then 1 else 0 end,
                case when scales.segment = 'any' then 1 else 0 end
        ) as fit_number
    from scales
    inner join {{ ref('account_segments') }} as segments
        on scales.segment in ('any', segments.segment)
    inner join {{ ref('lifecycle_stages') }} as stages
        on scales.lifecycle_stage in ('any', stages.lifecycle_stage)

),

fitted as (

    select
        ranked.segment,
        ranked.lifecycle_stage,
        ranked.feature_name,
        features.component,
        features.weight,
        -- a type that is not delivered counts nothing: its 0 is no word on the account
        observed.observed_from_date,
        bands.from_value,
        bands.until_value,
        bands.points_from,
        bands.points_until
    from ranked
    inner join features
        on ranked.feature_name = features.feature_name
    inner join bands
        on
            ranked.feature_name = bands.feature_name
            and ranked.scale_segment = bands.segment
            and ranked.scale_stage = bands.lifecycle_stage
    left join observed
        on features.source_type = observed.source_type
    where ranked.fit_number = 1

)

select * from fitted
