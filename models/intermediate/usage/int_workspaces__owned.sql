with workspaces as (

    select * from {{ ref('stg_master_records__workspace_versions') }}

),

first_known as (

    select
        workspaces.workspace_id,
        workspaces.account_id,
        cast(workspaces.known_at as date) as known_date,
        row_number() over (
            partition by workspaces.workspace_id
            order by
                cast(workspaces.known_at as date), workspaces.changed_at, workspaces.known_at
        ) as version_number
    from workspaces
    where workspaces.account_id is not null

)

select
    first_known.workspace_id,
    first_known.account_id,
    first_known.known_date
from first_known
where first_known.version_number = 1
