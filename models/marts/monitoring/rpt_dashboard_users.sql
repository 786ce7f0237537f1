{%- set usage_days = 30 -%}

with views as (

    select
        views.dashboard_name,
        views.viewer_id as person_id,
        max(cast(views.viewed_at as date)) as last_viewed_date,
        sum(
            case
                when views.viewed_at >= {{ add_days(as_of_date(), -usage_days) }} then 1
                else 0
            end
        ) as views_30d
    from {{ ref('stg_operations__dashboard_views') }} as views
    where views.viewed_at < {{ as_of_midnight() }} and views.known_at < {{ as_of_midnight() }}
    group by views.dashboard_name, views.viewer_id

),

roster as (

    select
        roster.person_id,
        max(roster.team) as team
    from {{ ref('team_roster') }} as roster
    where
        roster.from_date <= {{ as_of_date() }}
        and coalesce(roster.until_date > {{ as_of_date() }}, true)
    group by roster.person_id

),

asked as (

    select
        audiences.dashboard_name,
        roster.person_id
    from roster
    inner join {{ ref('dashboard_audiences') }} as audiences
        on roster.team = audiences.team

),

known as (

    select
        views.dashboard_name,
        views.person_id
    from views
    union
    select
        asked.dashboard_name,
        asked.person_id
    from asked

),

used as (

    select
        known.dashboard_name,
        known.person_id,
        coalesce(roster.team, 'not on the roster') as team,
        asked.person_id is not null as is_asked,
        coalesce(views.views_30d, 0) as views_30d,
        coalesce(views.views_30d, 0) > 0 as has_used,
        views.last_viewed_date
    from known
    left join roster
        on known.person_id = roster.person_id
    left join asked
        on known.dashboard_name = asked.dashboard_name and known.person_id = asked.person_id
    left join views
        on known.dashboard_name = views.dashboard_name and known.person_id = views.person_id

)

select {{ contract_columns('used') }}
from used
