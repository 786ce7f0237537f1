with created as (

    select
        account_versions.account_id,
        min(cast(account_versions.created_at as date)) as first_date
    from {{ ref('stg_master_records__account_versions') }} as account_versions
    where account_versions.account_id is not null
    group by account_versions.account_id

),

served as (

    select
        coalesce(ranges.account_id, 'unassigned') as account_id,
        min(ranges.valid_from_date) as first_date
    from {{ ref('int_subscriptions__valid_ranged') }} as ranges
    group by coalesce(ranges.account_id, 'unassigned')

),

heard_of as (

    select * from created
    union all
    select * from served

),

-- what belongs to no account has its row in every month, so that every sum has a place for it
placed as (

    select * from heard_of
    union all
    select
        'unassigned' as account_id,
        heard_of.first_date
    from heard_of

),

dated as (

    select
        placed.account_id,
        min(placed.first_date) as first_date
    from placed
    group by placed.account_id

)

select * from dated
