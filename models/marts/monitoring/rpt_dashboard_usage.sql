with users as (

    select * from {{ ref('rpt_dashboard_users') }}

),

audiences as (

    select
        audiences.dashboard_name,
        audiences.team
    from {{ ref('dashboard_audiences') }} as audiences

),

-- a team without anybody on the roster has its row, too
known as (

    select
        users.dashboard_name,
        users.team
    from users
    union
    select
        audiences.dashboard_name,
        audiences.team
    from audiences

),

summed as (

    select
        known.dashboard_name,
        known.team,
        sum(case when users.is_asked then 1 else 0 end) as asked_count,
        sum(case when users.is_asked and users.has_used then 1 else 0 end) as asked_users_count,
        sum(case when users.has_used then 1 else 0 end) as users_count,
        coalesce(sum(users.views_30d), 0) as views_30d,
        max(users.last_viewed_date) as last_viewed_date
    from known
    left join users
        on known.dashboard_name = users.dashboard_name and known.team = users.team
    group by known.dashboard_name, known.team

),

shared as (

    select
        summed.*,
        {{ as_of_date() }} as as_of_date,
        {{ ratio('summed.asked_users_count', 'summed.asked_count') }} as utilisation_ratio,
        sum(summed.views_30d) over (partition by summed.dashboard_name) = 0 as is_unused
    from summed

)

select {{ contract_columns('shared') }}
from shared
