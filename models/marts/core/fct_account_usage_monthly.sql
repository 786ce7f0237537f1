{% set user_counts = [
    'active_users_1d', 'active_users_7d', 'active_users_28d', 'active_users_30d',
    'active_user_days_28d', 'active_user_weekdays_28d', 'power_users', 'regular_users',
    'light_users', 'at_risk_users',
] -%}
{%- set averages = ['avg_active_users_7d', 'avg_active_users_14d', 'avg_active_users_30d'] -%}
{# What events are is unknown where the source has no event types. -#}
{%- set by_event_type = {
    'commenting_users_30d': 'users.commenting_users_30d',
    'invites_sent_30d': 'users.invite_count_30d',
    'avg_core_actions_7d': 'averaged.avg_core_actions_7d',
    'avg_core_actions_30d': 'averaged.avg_core_actions_30d',
    'feature_categories_30d': 'adoption.feature_categories_30d',
} -%}

with account_months as (

    select
        months.account_month_id,
        months.account_id,
        months.month_start_date,
        {{ next_month_start('months.month_start_date') }} as month_end_date,
        case when months.is_paying then 1 else 0 end as paying_account_count
    from {{ ref('dim_account_months') }} as months
    where months.account_id <> 'unassigned'

),

users as (

    select * from {{ ref('int_account_months__users_counted') }}

),

averaged as (

    select * from {{ ref('int_account_months__usage_averaged') }}

),

last_used as (

    select * from {{ ref('int_account_months__last_used') }}

),

dormant as (

    select * from {{ ref('int_account_months__dormant_counted') }}

),

adoption as (

    select * from {{ ref('int_account_months__adoption_counted') }}

),

mrr_months as (

    select * from {{ ref('int_account_mrr_months__summed') }}

),

types as (

    select count(*) > 0 as are_declared from {{ ref('event_types') }}

),

joined as (

    select
        account_months.*,
        {%- for column in user_counts %}
        coalesce(users.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        coalesce(users.active_users_30d_before, 0) as active_users_30d_before,
        coalesce(users.event_count_30d, 0) as event_count_30d,
        coalesce(users.event_count_30d_before, 0) as event_count_30d_before,
        {%- for column in averages %}
        coalesce(averaged.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        {%- for column, expression in by_event_type.items() %}
        case when types.are_declared then coalesce({{ expression }}, 0) end as {{ column }},
        {%- endfor %}
        types.are_declared as are_types_declared,
        last_used.last_core_date,
        {{ days_between('last_used.last_active_date', 'account_months.month_end_date') }}
            as days_since_last_active,
        coalesce(dormant.dormant_users, 0) as dormant_users,
        coalesce(adoption.entitled_categories, 0) as entitled_categories,
        coalesce(adoption.deep_categories, 0) as deep_categories,
        coalesce(mrr_months.seat_count, 0) as seat_count
    from account_months
    cross join types
    {%- for input in ('users', 'averaged', 'last_used', 'dormant', 'adoption', 'mrr_months') %}
    left join {{ input }}
        on
            account_months.account_id = {{ input }}.account_id
            and account_months.month_start_date = {{ input }}.month_start_date
    {%- endfor %}

),

final as (

    select
        joined.*,
        joined.avg_active_users_7d as avg_dau_7d,
        joined.avg_active_users_14d as avg_dau_14d,
        joined.avg_active_users_30d as avg_dau_30d,
        joined.paying_account_count * joined.feature_categories_30d
            as paying_feature_categories_30d,
        case when joined.seat_count > 0 then joined.active_users_30d else 0 end
            as seat_users_30d,
        case
            when joined.paying_account_count = 0 then 0
            when not joined.are_types_declared then null
            when
                joined.last_core_date
                >= {{ add_days('joined.month_end_date', -var('inactive_days')) }} then 0
            else 1
        end as inactive_account_count,
        case when joined.active_users_30d_before > 0 then 1 else 0 end
            as previously_active_count,
        case
            when joined.active_users_30d_before > 0 and joined.active_users_30d = 0 then 1
            else 0
        end as lapsed_count,
        case when joined.event_count_30d_before >= 50 then 1 else 0 end
            as decline_eligible_count,
        case
            when
                joined.event_count_30d_before >= 50
                -- whole numbers, so that exactly 30% below counts
                and 10 * joined.event_count_30d <= 7 * joined.event_count_30d_before then 1
            else 0
        end as declining_count,
        case when joined.days_since_last_active is null then 0 else 1 end as ever_active_count
    from joined

)

select {{ contract_columns('final') }}
from final
