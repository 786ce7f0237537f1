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
        attributed.feature_category,
        attributed.event_date,
        attributed.known_date,
        cast(sum(attributed.event_count) as integer) as event_count
    from attributed
    where
        attributed.feature_category is not null
        and attributed.known_date >= {{ changed_since() }}
    group by
        attributed.account_id,
        attributed.feature_category,
        attributed.event_date,
        attributed.known_date

)

select * from counted
