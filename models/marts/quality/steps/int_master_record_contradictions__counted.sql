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

counted as (

    {% call count_rules({
        'workspace_without_account': {'fails': 'workspaces.account_id is null'},
        'workspace_of_unknown_account': {
            'checked': 'workspaces.account_id is not null',
            'fails': 'accounts.account_id is null',
        },
    }) %}
    from workspaces
    left join accounts
        on workspaces.account_id = accounts.account_id
    {% endcall %}
    union all
    {% call count_rules({
        'membership_of_unknown_user_or_workspace': {
            'fails': 'users.user_id is null or workspaces.workspace_id is null',
        },
    }) %}
    from memberships
    left join users
        on memberships.user_id = users.user_id
    left join workspaces
        on memberships.workspace_id = workspaces.workspace_id
    {% endcall %}
    union all
    {% call count_rules({
        'contact_of_unknown_account': {'fails': 'accounts.account_id is null'},
    }) %}
    from contacts
    left join accounts
        on contacts.account_id = accounts.account_id
    {% endcall %}

)

select * from counted
