with meetings as (

    select
        meeting_versions.*,
        row_number() over (
            partition by meeting_versions.task_id
            order by meeting_versions.changed_at desc, meeting_versions.known_at desc
        ) as version_rank
    from {{ ref('int_meeting_versions__mapped') }} as meeting_versions
    where meeting_versions.known_at < {{ as_of_midnight() }}

),

changes as (

    select * from {{ ref('int_key_contact_changes__mapped') }}
    where known_at < {{ as_of_midnight() }}

),

departures as (

    select
        departures.account_id,
        departures.change_id,
        departures.role,
        cast(departures.changed_at as date) as departed_date,
        count(arrivals.change_id) as successor_count
    from changes as departures
    left join changes as arrivals
        on
            departures.account_id = arrivals.account_id
            and departures.role = arrivals.role
            and arrivals.change_type = 'joined'
            and departures.changed_at <= arrivals.changed_at
    where departures.change_type = 'left'
    group by
        departures.account_id, departures.change_id, departures.role,
        cast(departures.changed_at as date)

),

ranked_departures as (

    select
        departures.*,
        row_number() over (
            partition by departures.account_id
            order by departures.departed_date desc, departures.role asc, departures.change_id asc
        ) as departure_rank,
        row_number() over (
            partition by departures.account_id, case when departures.successor_count = 0 then 0 end
            order by departures.departed_date desc, departures.role asc, departures.change_id asc
        ) as rank_of_its_kind
    from departures

),

dated as (

    select
        meetings.account_id,
        meetings.activity_date as last_meeting_date,
        cast(null as date) as last_intervention_date,
        cast(null as date) as departure_date,
        cast(null as {{ column_type('varchar') }}) as departure_role,
        cast(null as date) as vacancy_date,
        cast(null as {{ column_type('varchar') }}) as vacancy_role
    from meetings
    where
        meetings.version_rank = 1
        and not meetings.is_deleted
        and meetings.status = 'held'
        and meetings.activity_date < {{ as_of_date() }}
    union all
    select
        interventions.account_id,
        null as last_meeting_date,
        interventions.done_date as last_intervention_date,
        null as departure_date,
        null as departure_role,
        null as vacancy_date,
        null as vacancy_role
    from {{ ref('fct_interventions') }} as interventions
    union all
    select
        ranked_departures.account_id,
        null as last_meeting_date,
        null as last_intervention_date,
        case when ranked_departures.departure_rank = 1 then ranked_departures.departed_date end
            as departure_date,
        case when ranked_departures.departure_rank = 1 then ranked_departures.role end
            as departure_role,
        case
            when ranked_departures.successor_count = 0 and ranked_departures.rank_of_its_kind = 1
                then ranked_departures.departed_date
        end as vacancy_date,
        case
            when ranked_departures.successor_count = 0 and ranked_departures.rank_of_its_kind = 1
                then ranked_departures.role
        end as vacancy_role
    from ranked_departures

),

gathered as (

    select
        dated.account_id,
        max(dated.last_meeting_date) as last_meeting_date,
        max(dated.last_intervention_date) as last_intervention_date,
        max(dated.departure_date) as departure_date,
        max(dated.departure_role) as departure_role,
        max(dated.vacancy_date) as vacancy_date,
        max(dated.vacancy_role) as vacancy_role
    from dated
    where dated.account_id is not null
    group by dated.account_id

)

select {{ contract_columns('gathered') }}
from gathered
