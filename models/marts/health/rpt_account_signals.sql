{% set signals = {
    'risk': ['usage_decline', 'engagement_drop', 'support_escalation', 'contract_signals',
        'stakeholder_change'],
    'expansion': ['high_engagement', 'growth', 'positive_feedback', 'technical_readiness'],
} -%}

with days as (

    select * from {{ ref('feat_accounts_daily') }}
    where is_paying and as_of_date = {{ as_of_date() }}

),

health as (

    select * from {{ ref('fct_account_health_daily') }}
    where as_of_date = {{ as_of_date() }}

),

signals as (

    select * from {{ ref('fct_account_signals') }}
    where as_of_date = {{ as_of_date() }}

),

limits as (

    select
        max(case when limits.limit_name = 'seat_utilization' then limits.limit_value end)
            as seat_utilization,
        max(case when limits.limit_name = 'features_adopted' then limits.limit_value end)
            as features_adopted,
        max(case when limits.limit_name = 'fading_trend_ratio' then limits.limit_value end)
            as fading_trend_ratio,
        max(case when limits.limit_name = 'narrow_features' then limits.limit_value end)
            as narrow_features
    from {{ ref('signal_limits') }} as limits

),

gathered as (

    select
        signals.account_id,
        {%- for kind, names in signals.items() %}
        {%- for name in names %}
        max(case when signals.signal_name = '{{ name }}' then 1 else 0 end) = 1 as has_{{ name }},
        {%- endfor %}
        sum(case when signals.kind = '{{ kind }}' then 1 else 0 end)
            as {{ kind }}_signals_count{{ ',' if not loop.last }}
        {%- endfor %}
    from signals
    group by signals.account_id

),

final as (

    select
        days.account_id,
        days.as_of_date,
        health.segment,
        health.lifecycle_stage,
        case
            when days.avg_dau_30d is null then 'unknown'
            when days.avg_dau_30d = 0 then 'dormant'
            when days.usage_trend_ratio_30d_90d <= limits.fading_trend_ratio then 'fading'
            when
                days.seat_utilization >= limits.seat_utilization
                and days.features_adopted_90d >= limits.features_adopted then 'power'
            when days.features_adopted_90d <= limits.narrow_features then 'narrow'
            else 'regular'
        end as behaviour_segment,
        {%- for names in signals.values() %}
        {%- for name in names %}
        coalesce(gathered.has_{{ name }}, false) as has_{{ name }},
        {%- endfor %}
        {%- endfor %}
        coalesce(gathered.risk_signals_count, 0) as risk_signals_count,
        coalesce(gathered.expansion_signals_count, 0) as expansion_signals_count
    from days
    cross join limits
    left join health
        on days.account_id = health.account_id
    left join gathered
        on days.account_id = gathered.account_id

)

select {{ contract_columns('final') }}
from final
