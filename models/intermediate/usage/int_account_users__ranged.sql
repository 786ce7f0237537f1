with memberships as (

    select
        membership_versions.*,
        row_number() over (
            partition by membership_versions.membership_id
            order by membership_versions.changed_at desc, membership_versions.known_at desc
        ) as recency
    from {{ ref('stg_master_records__membership_versions') }} as membership_versions

),

users as (

    select
        user_versions.*,
        row_number() over (
            partition by user_versions.user_id
            order by user_versions.changed_at desc, user_versions.known_at desc
        ) as recency
    from {{ ref('stg_master_records__user_versions') }} as user_versions

),

classified as (

    select * from {{ ref('int_users__classified') }}
    where not is_internal_or_bot

),

workspaces as (

    select * from {{ ref('int_workspaces__owned') }}

),

-- membership ends with the record, the account in the product, or the membership itself
ranged as (

    select
        workspaces.account_id,
        memberships.user_id,
        cast(memberships.created_at as date) as from_date,
        cast(
            least(
                coalesce(memberships.ended_at, cast('9999-01-01 00:00:00' as timestamp)),
                coalesce(users.deactivated_at, cast('9999-01-01 00:00:00' as timestamp)),
                case
                    when users.is_deleted then users.changed_at
                    else cast('9999-01-01 00:00:00' as timestamp)
                end
            ) as date
        ) as until_date
    from memberships
    inner join users
        on memberships.user_id = users.user_id
    inner join classified
        on memberships.user_id = classified.user_id
    inner join workspaces
        on memberships.workspace_id = workspaces.workspace_id
    where memberships.recency = 1 and users.recency = 1

)

select distinct
    ranged.account_id,
    ranged.user_id,
    ranged.from_date,
    ranged.until_date
from ranged
where ranged.from_date < ranged.until_date
