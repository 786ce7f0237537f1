{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_known_since('known_date') }}"
    )
}}

with attributed as (

    select * from {{ ref('int_user_event_days__attributed') }}

),

counted as (

    select
        attributed.account_id,
        attributed.user_id,
        attributed.event_date,
        attributed.known_date,
        cast(sum(attributed.event_count) as integer) as event_count,
        sum(
            case when attributed.is_core_action then attributed.event_count else 0 end
        ) as core_action_count,
        sum(
            case when attributed.is_comment then attributed.event_count else 0 end
        ) as comment_count,
        sum(
            case when attributed.is_invite then attributed.event_count else 0 end
        ) as invite_count
    from attributed
    where attributed.known_date >= {{ changed_since() }}
    group by
        attributed.account_id,
        attributed.user_id,
        attributed.event_date,
        attributed.known_date

)

select * from counted
