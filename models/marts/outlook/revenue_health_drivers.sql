with compared as (

    select * from {{ ref('int_index_pairs__compared') }}

),

accounts as (

    select * from {{ ref('int_index_changes__split') }}

),

counted as (

    select
        accounts.period_name,
        accounts.level_name,
        accounts.level_value,
        accounts.component,
        count(*) as accounts_count,
        sum(case when accounts.what_changed like 'moved%' then 1 else 0 end) as moved_count,
        sum(case
            when accounts.what_changed like 'moved%' then accounts.contribution else 0
        end) as moved_contribution
    from accounts
    group by
        accounts.period_name, accounts.level_name, accounts.level_value, accounts.component

),

drivers as (

    select
        compared.period_name,
        compared.from_date,
        compared.to_date,
        compared.level_name,
        compared.level_value,
        compared.index_from,
        compared.index_to,
        compared.component as driver,
        compared.is_other_model,
        compared.value_from,
        compared.value_to,
        compared.own_change as contribution,
        coalesce(counted.accounts_count, 0) as accounts_count,
        coalesce(counted.moved_count, 0) as moved_count,
        coalesce(counted.moved_contribution, 0) as moved_contribution
    from compared
    left join counted
        on
            compared.period_name = counted.period_name
            and compared.level_name = counted.level_name
            and compared.level_value = counted.level_value
            and compared.component = counted.component
    union all
    -- what changed because other components are known: nobody's doing
    select
        compared.period_name,
        compared.from_date,
        compared.to_date,
        compared.level_name,
        compared.level_value,
        compared.index_from,
        compared.index_to,
        'reweighting' as driver,
        false as is_other_model,
        max(compared.known_weight_from) as value_from,
        max(compared.known_weight_to) as value_to,
        sum(compared.reweighting) as contribution,
        0 as accounts_count,
        0 as moved_count,
        0 as moved_contribution
    from compared
    group by
        compared.period_name, compared.from_date, compared.to_date, compared.level_name,
        compared.level_value, compared.index_from, compared.index_to

),

final as (

    select
        drivers.*,
        drivers.index_to - drivers.index_from as index_change
    from drivers

)

select {{ contract_columns('final') }}
from final
