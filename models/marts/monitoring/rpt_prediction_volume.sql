with scored as (

    select * from {{ ref('fct_scored_nights') }}

),

thresholds as (

    select
        max(case when thresholds.threshold_name = 'volume_drop_share'
            then thresholds.threshold_value end) as drop_share,
        max(case when thresholds.threshold_name = 'volume_min_accounts'
            then thresholds.threshold_value end) as min_accounts
    from {{ ref('monitoring_thresholds') }} as thresholds

),

nights as (

    select distinct scored.as_of_date
    from scored

),

targets as (

    select
        scored.target,
        min(scored.as_of_date) as first_date
    from scored
    group by scored.target

),

-- a target that was not scored on a night has a row there, too
spined as (

    select
        targets.target,
        nights.as_of_date,
        scored.model_version,
        coalesce(scored.scored_count, 0) as scored_count
    from targets
    inner join nights
        on targets.first_date <= nights.as_of_date
    left join scored
        on
            targets.target = scored.target
            and nights.as_of_date = scored.as_of_date

),

compared as (

    select
        spined.*,
        lag(spined.as_of_date) over (
            partition by spined.target
            order by spined.as_of_date
        ) as previous_date,
        lag(spined.scored_count) over (
            partition by spined.target
            order by spined.as_of_date
        ) as previous_count
    from spined

),

judged as (

    select
        compared.*,
        1 - {{ ratio('compared.scored_count', 'compared.previous_count') }} as drop_ratio,
        coalesce(
            compared.previous_count >= thresholds.min_accounts
            and compared.scored_count
            < compared.previous_count * (1 - thresholds.drop_share),
            false
        ) as is_dropped
    from compared
    cross join thresholds

)

select {{ contract_columns('judged') }}
from judged
