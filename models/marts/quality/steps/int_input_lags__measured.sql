{% set facts = [
    ('subscription', ref('int_subscription_versions__priced'), 'subscription_id'),
    ('support', ref('stg_support__ticket_versions'), 'ticket_id'),
    ('master_records', ref('stg_master_records__account_versions'), 'account_id'),
] -%}

with event_landings as (

    select * from {{ ref('int_event_landings__counted') }}

),

versions as (

    {%- for source_type, relation, key in facts %}
    {{ 'union all' if not loop.first }}
    select
        '{{ source_type }}_lag_hours' as check_name,
        records.known_at,
        min(records.known_at) over (partition by records.{{ key }}) as first_known_at
    from {{ relation }} as records
    {%- endfor %}

),

latest as (

    select
        versions.check_name,
        {{ hours_between('max(versions.known_at)', as_of_midnight()) }} as lag_hours
    from versions
    group by versions.check_name

),

-- new objects may go on to land where changes of those known before no longer do
changes as (

    select distinct
        versions.check_name,
        versions.known_at
    from versions
    where versions.known_at > versions.first_known_at

),

paused as (

    select
        changes.check_name,
        changes.known_at,
        lead(changes.known_at) over by_time as next_known_at,
        max(changes.known_at) over (partition by changes.check_name) as newest_known_at
    from changes
    window by_time as (partition by changes.check_name order by changes.known_at)

),

-- a pause is too long against those that were there before
changed as (

    select
        paused.check_name,
        {{ hours_between('max(paused.newest_known_at)', as_of_midnight()) }}
        - max({{ hours_between('paused.known_at', 'paused.next_known_at') }}) as excess_hours
    from paused
    where paused.known_at >= {{ add_days('paused.newest_known_at', -180) }}
    group by paused.check_name

),

measured as (

    select
        'usage_lag_hours' as check_name,
        {{ hours_between('max(event_landings.last_known_at)', as_of_midnight()) }}
            as measured_value
    from event_landings
    union all
    select
        latest.check_name,
        greatest(latest.lag_hours, coalesce(changed.excess_hours, 0)) as measured_value
    from latest
    left join changed
        on latest.check_name = changed.check_name

)

select * from measured
