{% set segments = ['power', 'regular', 'light', 'at_risk', 'dormant'] -%}

with source_types as (

    select * from {{ ref('int_source_types__observed') }}

),

-- nobody watched what began before the first export
usage as (

    select facts.*
    from {{ ref('fct_account_usage_monthly') }} as facts
    inner join source_types
        on
            facts.month_start_date >= source_types.observed_from_date
            and source_types.source_type = 'usage'

),

counted as (

    {%- for segment in segments %}
    select
        usage.month_start_date,
        '{{ segment }}' as user_segment,
        sum(usage.{{ segment }}_users) as user_count,
        sum(case when usage.{{ segment }}_users > 0 then 1 else 0 end) as account_count,
        sum(usage.active_users_30d) as active_user_count,
        sum(usage.active_users_30d + usage.dormant_users) as user_count_on_file
    from usage
    group by usage.month_start_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

final as (

    select
        counted.month_start_date,
        counted.user_segment,
        user_segments.min_active_days,
        counted.user_count,
        counted.account_count,
        case
            when counted.user_segment <> 'dormant'
                then {{ ratio('counted.user_count', 'counted.active_user_count') }}
        end as active_share_ratio,
        {{ ratio('counted.user_count', 'counted.user_count_on_file') }} as share_ratio
    from counted
    inner join {{ ref('user_segments') }} as user_segments
        on counted.user_segment = user_segments.user_segment

)

select {{ contract_columns('final') }}
from final
