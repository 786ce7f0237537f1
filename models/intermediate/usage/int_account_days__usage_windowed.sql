{% set summed = [
    'active_users_7d', 'active_users_14d', 'active_users_30d', 'active_users_90d',
    'active_users_210d', 'core_actions_7d', 'core_actions_30d', 'events_30d', 'events_60d',
    'invites_30d',
] -%}
{%- set distinct_counts = [
    'distinct_active_users_30d', 'distinct_commenting_users_30d',
    'distinct_feature_categories_30d', 'distinct_feature_categories_90d',
] -%}
{%- set by_event_type = [
    'core_actions_7d', 'core_actions_30d', 'invites_30d', 'distinct_commenting_users_30d',
    'distinct_feature_categories_30d', 'distinct_feature_categories_90d',
] -%}
{%- set by_category = ['category_events_365d', 'category_pairs_365d'] -%}

with spine as (

    select * from {{ ref('int_account_days__spined') }}

),

sum_changes as (

    select * from {{ ref('int_usage_sum_changes__dated') }}

),

distinct_changes as (

    select * from {{ ref('int_usage_distinct_changes__dated') }}

),

breadth_changes as (

    select * from {{ ref('int_usage_breadth_changes__dated') }}

),

last_days as (

    select * from {{ ref('int_usage_last_days__dated') }}

),

lost_joins as (

    select * from {{ ref('int_lost_joins__dated') }}
    where table_name = 'events'

),

types as (

    select count(*) as type_count from {{ ref('event_types') }}

),

joined as (

    select
        spine.account_id,
        spine.as_of_date,
        spine.life_number,
        {% for column in summed -%}
        cast(sum_changes.{{ column }} as {{ column_type('double') }}) as {{ column }},
        {% endfor -%}
        {% for column in distinct_counts -%}
        cast(distinct_changes.{{ column }} as {{ column_type('double') }}) as {{ column }},
        {% endfor -%}
        {% for column in by_category -%}
        breadth_changes.{{ column }},
        {% endfor -%}
        last_days.first_active_date,
        last_days.last_active_date,
        types.type_count,
        lost_joins.as_of_date is not null as is_lost
    from spine
    cross join types
    left join sum_changes
        on
            spine.account_id = sum_changes.account_id
            and spine.life_number = sum_changes.life_number
            and spine.as_of_date = sum_changes.as_of_date
    left join distinct_changes
        on
            spine.account_id = distinct_changes.account_id
            and spine.life_number = distinct_changes.life_number
            and spine.as_of_date = distinct_changes.as_of_date
    left join breadth_changes
        on
            spine.account_id = breadth_changes.account_id
            and spine.life_number = breadth_changes.life_number
            and spine.as_of_date = breadth_changes.as_of_date
    left join last_days
        on
            spine.account_id = last_days.account_id
            and spine.life_number = last_days.life_number
            and spine.as_of_date = last_days.as_of_date
    left join lost_joins
        on spine.as_of_date = lost_joins.as_of_date

),

accumulated as (

    select
        joined.account_id,
        joined.as_of_date,
        joined.life_number,
        {% for column in summed + distinct_counts + by_category -%}
        {% if column in by_event_type -%}
        -- what events are is unknown where the source has no event types
        case when joined.type_count > 0 then coalesce(sum(joined.{{ column }}) over life_so_far, 0)
        end as {{ column }},
        {% else -%}
        coalesce(sum(joined.{{ column }}) over life_so_far, 0) as {{ column }},
        {% endif -%}
        {% endfor -%}
        min(joined.first_active_date) over life_so_far as first_active_date,
        max(joined.last_active_date) over life_so_far as last_active_date,
        joined.is_lost
    from joined
    window life_so_far as (
        partition by joined.account_id, joined.life_number
        order by joined.as_of_date
        rows between unbounded preceding and current row
    )

),

-- without their join to accounts nobody knows which events are an account's
known as (

    select
        accumulated.account_id,
        accumulated.as_of_date,
        accumulated.life_number,
        {% for column in summed + distinct_counts + by_category -%}
        case when not accumulated.is_lost then accumulated.{{ column }} end as {{ column }},
        {% endfor -%}
        accumulated.first_active_date,
        case when not accumulated.is_lost then accumulated.last_active_date end
            as last_active_date
    from accumulated

)

select * from known
