with type_users as (

    select * from {{ ref('int_event_type_users__counted') }}

),

reference_types as (

    select * from {{ ref('event_types') }}

),

rules as (

    select * from {{ ref('event_signal_rules') }}

),

counted as (

    select
        type_users.event_type,
        sum(type_users.event_count) as event_count,
        count(*) as user_count,
        count(distinct type_users.account_id) as account_count
    from type_users
    group by type_users.event_type

),

-- types without events, and types that the seed does not know
types as (

    select reference_types.event_type
    from reference_types
    union
    select counted.event_type
    from counted
    where counted.event_type is not null

),

first_rules as (

    select
        types.event_type,
        min(rules.rule_number) as rule_number
    from types
    inner join rules
        on types.event_type like rules.event_type_pattern
    group by types.event_type

),

final as (

    select
        types.event_type,
        reference_types.feature_category,
        coalesce(counted.event_count, 0) as event_count,
        coalesce(counted.user_count, 0) as user_count,
        coalesce(counted.account_count, 0) as account_count,
        {{ ratio('counted.event_count', 'counted.user_count') }} as events_per_user,
        {{ ratio('coalesce(counted.event_count, 0)',
            'sum(counted.event_count) over ()') }} as event_share_ratio,
        reference_types.signal_type,
        rules.signal_type as guessed_signal_type,
        rules.reason as guess_reason,
        reference_types.event_type is not null as is_in_reference
    from types
    left join reference_types
        on types.event_type = reference_types.event_type
    left join counted
        on types.event_type = counted.event_type
    left join first_rules
        on types.event_type = first_rules.event_type
    left join rules
        on first_rules.rule_number = rules.rule_number

)

select {{ contract_columns('final') }}
from final
