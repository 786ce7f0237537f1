with accounts as (

    select * from {{ ref('int_index_changes__split') }}

),

rules as (

    select outlook_rules.rule_value as named_accounts
    from {{ ref('outlook_rules') }} as outlook_rules
    where outlook_rules.rule_name = 'named_accounts'

),

named as (

    select
        accounts.*,
        case
            when accounts.size_number <= rules.named_accounts then accounts.account_id
        end as named_account_id,
        case
            when accounts.size_number <= rules.named_accounts then accounts.what_changed
            else 'all others'
        end as told_change
    from accounts
    cross join rules

),

grouped as (

    select
        named.period_name,
        named.from_date,
        named.to_date,
        named.level_name,
        named.level_value,
        named.component as driver,
        named.named_account_id as account_id,
        named.told_change as what_changed,
        min(named.size_number) as size_rank,
        count(*) as accounts_count,
        sum(named.contribution) as contribution,
        sum(named.numerator_from) as numerator_from,
        sum(named.numerator_to) as numerator_to,
        sum(named.denominator_from) as denominator_from,
        sum(named.denominator_to) as denominator_to
    from named
    group by
        named.period_name, named.from_date, named.to_date, named.level_name, named.level_value,
        named.component, named.named_account_id, named.told_change

),

final as (

    select
        grouped.*,
        dim_accounts.account_name
    from grouped
    left join {{ ref('dim_accounts') }} as dim_accounts
        on grouped.account_id = dim_accounts.account_id

)

select {{ contract_columns('final') }}
from final
