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

dated as (

    select
        heard_of.account_id,
        min(heard_of.first_date) as first_date
    from heard_of
    group by heard_of.account_id

)

select * from dated
