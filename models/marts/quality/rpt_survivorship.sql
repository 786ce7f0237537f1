with features as (

    select
        account_id,
        as_of_date
    from {{ ref('feat_accounts_daily') }}
    where is_paying

),

examples as (

    select
        account_id,
        as_of_date,
        churned_within_60d
    from {{ ref('feat_training_examples') }}

),

churns as (

    select * from {{ ref('fct_account_churns') }}

),

grid as (

    select distinct examples.as_of_date
    from examples

),

-- counted from the churns themselves, not from what the examples say of them
paying as (

    select
        features.account_id,
        features.as_of_date,
        max(
            case
                when
                    churns.churn_date < features.as_of_date
                    and coalesce(churns.returned_date, cast('9999-01-01' as date))
                    >= features.as_of_date then 1
                else 0
            end
        ) as had_churned,
        max(case when churns.churn_date >= features.as_of_date then 1 else 0 end)
            as churns_later
    from features
    inner join grid
        on features.as_of_date = grid.as_of_date
    left join churns
        on features.account_id = churns.account_id
    group by features.account_id, features.as_of_date

),

joined as (

    select
        paying.*,
        case when examples.account_id is null then 0 else 1 end as is_example,
        examples.churned_within_60d
    from paying
    left join examples
        on
            paying.account_id = examples.account_id
            and paying.as_of_date = examples.as_of_date

),

counted as (

    select
        joined.as_of_date as example_date,
        count(*) as paying_account_count,
        sum(joined.had_churned) as churned_before_count,
        sum(joined.is_example) as example_count,
        sum(case when joined.had_churned = 0 then joined.churns_later else 0 end)
            as churned_later_count,
        sum(joined.is_example * joined.churns_later) as churned_later_example_count,
        cast(sum(joined.churned_within_60d) as bigint) as churned_within_60d_count
    from joined
    group by joined.as_of_date

),

final as (

    select
        counted.*,
        {{ ratio('counted.example_count - counted.churned_later_example_count',
            'counted.example_count') }} as survivor_share_ratio
    from counted

)

select {{ contract_columns('final') }}
from final
