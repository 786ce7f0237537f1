with accounts as (

    select distinct account_id
    from {{ ref('stg_master_records__account_versions') }}

),

workspaces as (

    select
        workspace_id,
        max(account_id) as account_id
    from {{ ref('stg_master_records__workspace_versions') }}
    group by workspace_id

),

users as (

    select distinct user_id
    from {{ ref('stg_master_records__user_versions') }}

),

memberships as (

    select distinct
        membership_id,
        workspace_id,
        user_id
    from {{ ref('stg_master_records__membership_versions') }}

),

contacts as (

    select distinct
        contact_id,
        account_id
    from {{ ref('stg_master_records__contact_versions') }}

),

workspaces_counted as (

    select
        count(*) as workspaces,
        count(case when workspaces.account_id is null then 1 end) as unlinked,
        count(workspaces.account_id) as linked,
        count(case when accounts.account_id is null then workspaces.account_id end) as orphaned
    from workspaces
    left join accounts
        on workspaces.account_id = accounts.account_id

),

memberships_counted as (

    select
        count(*) as memberships,
        count(case when users.user_id is null or workspaces.workspace_id is null then 1 end)
            as dangling_memberships
    from memberships
    left join users
        on memberships.user_id = users.user_id
    left join workspaces
        on memberships.workspace_id = workspaces.workspace_id

),

contacts_counted as (

    select
        count(*) as contacts,
        count(case when accounts.account_id is null then 1 end) as orphaned_contacts
    from contacts
    left join accounts
        on contacts.account_id = accounts.account_id

),

counted as (

    select
        workspaces_counted.workspaces,
        workspaces_counted.unlinked,
        workspaces_counted.linked,
        workspaces_counted.orphaned,
        memberships_counted.memberships,
        memberships_counted.dangling_memberships,
        contacts_counted.contacts,
        contacts_counted.orphaned_contacts
    from workspaces_counted
    cross join memberships_counted
    cross join contacts_counted

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_master_record_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'workspace_without_account' then counted.workspaces
            when 'workspace_of_unknown_account' then counted.linked
            when 'membership_of_unknown_user_or_workspace' then counted.memberships
            when 'contact_of_unknown_account' then counted.contacts
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'workspace_without_account' then counted.unlinked
            when 'workspace_of_unknown_account' then counted.orphaned
            when 'membership_of_unknown_user_or_workspace' then counted.dangling_memberships
            when 'contact_of_unknown_account' then counted.orphaned_contacts
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
