{% set metrics = declared_metrics() -%}
-- All words are read from the project's own graph when it is built: nothing here can drift.
with declared as (

    select listed.*
    from (
        values
        {%- for metric in metrics %}
        ({{ metric.values() | join(', ') }})
            {{- ',' if not loop.last }}
        {%- endfor %}
    ) as listed {{ '(' ~ (metrics[0] if metrics else model.columns) | join(', ') ~ ')' }}

),

versions as (

    select * from {{ ref('metric_versions') }}

),

source_types as (

    select
        observed.source_type,
        observed.observed_from_date,
        observed.latest_known_date
    from {{ ref('int_source_types__observed') }} as observed
    union all
    -- what the models foretold is watched from the first scored night on
    select
        'predictions' as source_type,
        min(worklists.as_of_date) as observed_from_date,
        max(worklists.as_of_date) as latest_known_date
    from {{ ref('rpt_at_risk_accounts_history') }} as worklists
    where worklists.as_of_date <= {{ as_of_date() }}

),

-- what needs a seed of the source's own is not told without one
seeds as (

    select distinct 'event_types' as seed_name from {{ ref('event_types') }}
    union all
    select distinct 'gross_margin' as seed_name from {{ ref('gross_margin') }}
    union all
    select '' as seed_name

),

dated as (

    select
        declared.*,
        versions.changed_date,
        source_types.observed_from_date,
        source_types.latest_known_date
    from declared
    left join versions
        on
            declared.metric_name = versions.metric_name
            and declared.version = versions.version
    left join seeds
        on declared.needs_seed = seeds.seed_name
    left join source_types
        on
            declared.source_type = source_types.source_type
            and seeds.seed_name is not null

)

select * from dated
