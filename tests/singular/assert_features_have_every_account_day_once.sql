-- For the dates just built: no account day of the spine lost, none doubled, none added.
with features as (

    select
        account_id,
        as_of_date,
        count(*) as row_count
    from {{ ref('feat_accounts_daily') }}
    where as_of_date > {{ changed_since() }}
    group by account_id, as_of_date

),

spine as (

    select
        account_id,
        as_of_date
    from {{ ref('int_account_days__spined') }}

)

select
    coalesce(spine.account_id, features.account_id) as account_id,
    coalesce(spine.as_of_date, features.as_of_date) as as_of_date,
    features.row_count
from spine
full outer join features
    on
        spine.account_id = features.account_id
        and spine.as_of_date = features.as_of_date
where
    spine.account_id is null
    or features.account_id is null
    or features.row_count <> 1
